// People who are to be deleted, until when that can be taken back.

import { at, call } from "./api.js";
import { badge, button, confirm, dialog, el, note, toast, when } from "./view.js";
import { go, href, refresh } from "./route.js";

// grace is for how long a deletion can be taken back, in seconds.
const grace = 60;

const pathOf = (gallery, subject) => at`/v1/galleries/${gallery}/subjects/${subject}`;

// leaving says when somebody goes.
export const leaving = (subject) => el("span", { class: "badges" }, badge("will be erased", "warn"), " ", when(subject.delete_at));

// kept takes a deletion back.
export async function kept(gallery, subject) {
  await call("DELETE", `${pathOf(gallery, subject)}/deletion`);
  toast(`${subject} stays.`);
  refresh();
}

// notice says that somebody goes, and how that is taken back.
export function notice(gallery, subject, may) {
  return note(el("div", { class: "row apart" },
    el("p", null, "Will be erased with all faces and photos ", when(subject.delete_at), ". Until then this person is still found."),
    may && button("Undo", { icon: "undo", onclick: () => kept(gallery, subject.id) })), "warn");
}

// remove lets somebody be deleted: in a minute, which can be taken back, or at once.
export async function remove(gallery, subject) {
  const path = pathOf(gallery, subject);
  const how = await dialog({
    heading: `Delete ${subject}?`,
    body: el("p", { class: "soft" }, "The person, all faces and all photos are erased from the database and its files. Nothing brings them back afterwards."),
    actions: [
      { text: "Erase in a minute", kind: "danger", value: "later", run: () => call("PUT", `${path}/deletion`, { json: { seconds: grace } }) },
      { text: "Erase now", kind: "danger", value: "now", run: () => call("DELETE", path) },
      { text: "Cancel", kind: "quiet", value: "", autofocus: true },
    ],
  });
  if (how === "later") {
    refresh();
    toast(`${subject} will be erased in a minute, even if this page is closed.`, { undo: () => kept(gallery, subject), tone: "warn" });
  } else if (how === "now") {
    toast(`${subject} is erased.`);
    go(href("galleries/:gallery/subjects", { gallery }));
  }
}

// removeFace erases one face.
export async function removeFace(gallery, subject, face) {
  if (!(await confirm({ heading: "Delete this face?", text: "The face and its photo are erased at once; the person stays.", yes: "Erase the face", danger: true }))) return;
  await call("DELETE", `${pathOf(gallery, subject)}${at`/faces/${face}`}`);
  toast("The face is erased.");
  refresh();
}
