// One person: faces, what is said of them, and what can be done.

import { at, call, each, may } from "./api.js";
import { actions, ask, badge, button, curl, el, facts, field, fill, form, link, note, number, percent, plural, section, table, toast, when } from "./view.js";
import { thumb } from "./photo.js";
import { go, href, refresh } from "./route.js";
import { pairs } from "./subjects.js";
import { notice, remove, removeFace } from "./leaving.js";

const list = "galleries/:gallery/subjects";

export const page = {
  path: "galleries/:gallery/subjects/:subject",
  title: (params) => params.subject,
  scope: "read",
  crumbs: ({ gallery }) => [{ text: gallery, href: href("galleries/:gallery", { gallery }) }, { text: "People", href: href(list, { gallery }) }],
  async render(main, { gallery, subject }, signal) {
    const path = at`/v1/galleries/${gallery}/subjects/${subject}`;
    const answer = await call("GET", path, { query: { limit: 1000 }, raw: true, signal });
    const [is, tag] = [await answer.json(), answer.headers.get("ETag")];
    const chosen = new Set();
    const ends = Boolean(is.delete_at);
    const split = button("Make another person of the chosen faces", { icon: "split", disabled: true, onclick: () => splitOff(gallery, subject, [...chosen]) });
    const choose = (face, yes) => {
      if (yes) chosen.add(face);
      else chosen.delete(face);
      split.disabled = chosen.size === 0;
    };
    fill(main,
      ends && notice(gallery, is, may("delete")),
      is.damaged && note("What is said of this person is damaged in the database, and shown as nothing. Save it anew.", "bad"),
      el("section", null,
        facts([["Faces", number(is.face_count)], ["Photos kept", number(is.photo_count)], ["Enrolled", when(is.created_at)], ["Changed", when(is.updated_at, { relative: true })], ["Known", pairs(is.metadata) || "nothing"]]),
        !ends && actions(
          may("enrol", "delete") && button("Merge into another", { icon: "merge", onclick: () => merge(gallery, subject) }),
          may("enrol", "delete") && button("Move to another gallery", { icon: "move", onclick: () => move(gallery, subject) }),
          may("delete") && button("Delete", { icon: "trash", kind: "danger", onclick: () => remove(gallery, subject) }))),
      section("Faces", facesOf(gallery, is, ends ? null : choose, signal), may("enrol") && may("delete") && !ends && is.faces.length > 0 && actions(split)),
      may("enrol") && section("What is known of this person", described(path, is, tag)),
      may("search") && is.face_count > 0 && alike(gallery, subject, ends, signal),
      curl("GET", path));
  },
};

function facesOf(gallery, is, choose, signal) {
  if (is.faces.length === 0) return el("p", { class: "soft" }, "This person has no face, and is not found by any photo.");
  return el("ul", { class: "faces" }, is.faces.map((f, i) => {
    const name = `Face ${number(i + 1)}`;
    const photo = f.has_photo ? at`/v1/galleries/${gallery}/subjects/${is.id}/faces/${f.id}/photo` : null;
    return el("li", { class: "card" },
      thumb(photo, { alt: name, size: 96, box: f.box, rotation: f.rotation, signal }),
      el("div", null,
        el("strong", null, name),
        el("p", { class: "soft" }, `Quality ${percent(f.quality.score, 0)}, `, when(f.created_at, { relative: true })),
        el("p", { class: "badges" }, (f.quality.reasons ?? []).map((r) => badge(r.replaceAll("_", " "), "warn")),
          f.aside_at && badge("set aside", "warn"), f.damaged && badge("damaged", "bad"), !f.has_photo && badge("no photo")),
        el("div", { class: "actions" },
          choose && may("enrol") && field({ label: `Choose face ${number(i + 1)}`, name: f.id, type: "checkbox", onchange: (yes) => choose(f.id, yes) }),
          choose && may("delete") && button("Delete", { icon: "trash", kind: "quiet", label: `Delete face ${number(i + 1)}`, onclick: () => removeFace(gallery, is.id, f.id) }))));
  }));
}

// described lets what is said of somebody be changed, unless somebody else just did.
function described(path, is, tag) {
  const said = field({
    label: "One a line, as in: department = sales", name: "metadata", type: "textarea", rows: Math.max(3, Object.keys(is.metadata).length + 1),
    value: linesOf(is.metadata), spellcheck: "false", hint: "Searches can be told to find only people of whom something is known. Whoever may search sees it.",
  });
  return form({
    fields: [said], submit: "Save",
    onsubmit: async (values) => {
      let metadata;
      try {
        metadata = readLines(values.metadata);
      } catch (fault) {
        said.fail(fault.message);
        return;
      }
      await call("PATCH", path, { json: { metadata }, headers: { "If-Match": tag } });
      toast("Saved.");
      refresh();
    },
  });
}

// linesOf writes what lines cannot say as JSON.
const linesOf = (metadata) => {
  const all = Object.entries(metadata);
  const plain = all.every(([key, value]) => key === key.trim() && value === value.trim() && !/[=\n{]/.test(key) && !/\n/.test(value));
  return plain ? all.map(([key, value]) => `${key} = ${value}`).join("\n") : JSON.stringify(metadata, null, 1);
};

function readLines(text) {
  if (text.trim().startsWith("{")) return JSON.parse(text);
  const pairs = text.split("\n").filter((line) => line.trim() !== "").map((line) => {
    const at = line.indexOf("=");
    if (at < 1) throw new Error(`“${line.trim()}” has no “=” between a name and a value.`);
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  });
  const metadata = Object.fromEntries(pairs);
  if (Object.keys(metadata).length < pairs.length) throw new Error("A name stands there twice.");
  return metadata;
}

// alike looks for whom the person may be, too.
function alike(gallery, subject, ends, signal) {
  const out = el("div");
  const look = async () => {
    const answer = await call("POST", at`/v1/galleries/${gallery}/subjects/${subject}/search`, { json: { k: 10 }, signal });
    const others = (answer.candidates ?? []).filter((c) => c.subject !== subject);
    if (others.length === 0) return fill(out, note(`Nobody else of ${gallery} resembles this person.`, "good"));
    fill(out, table({
      caption: "People who resemble this one",
      columns: [
        { name: "Person", of: (c) => link(c.subject, href("galleries/:gallery/subjects/:subject", { gallery, subject: c.subject })) },
        { name: "Likeness", align: "end", of: (c) => number(c.score, { maximumFractionDigits: 1 }) },
        { name: "Known", of: (c) => pairs(c.metadata ?? {}) },
        { name: "", label: "What to do", of: (c) => !ends && may("enrol", "delete") && button("They are one", { icon: "merge", label: `They are one: ${subject} and ${c.subject}`, onclick: () => merge(gallery, subject, c.subject) }) },
      ],
      rows: others,
    }));
  };
  return section("Look-alikes", el("p", { class: "soft" }, "Who else here has a face so much like this person's that they may be one."), actions(button("Look", { icon: "search", onclick: look })), out);
}

async function merge(gallery, subject, into = "") {
  const to = await ask({
    heading: `Merge ${subject} into another person`, yes: "Merge",
    text: `All faces of ${subject} become the other's, and ${subject} is gone. What is known of the other stays as it is.`,
    fields: [field({ label: "The other person's id", name: "into", value: into, required: true, spellcheck: "false" })],
    run: (values) => call("POST", at`/v1/galleries/${gallery}/subjects/${subject}/merge`, { json: { into: values.into.trim() } }),
  });
  if (!to) return;
  toast(`${subject} is ${to.id} now, with ${plural(to.face_count, "face")}.`);
  go(href(page.path, { gallery, subject: to.id }));
}

async function splitOff(gallery, subject, faces) {
  const to = await ask({
    heading: `${plural(faces.length, "face")} of ${subject} become another person's`, yes: "Split",
    fields: [
      field({ label: "The other person's id", name: "into", required: true, spellcheck: "false" }),
      field({ label: "A new person", name: "create", type: "checkbox", value: true, hint: "Else the person must be there." }),
    ],
    run: (values) => call("POST", at`/v1/galleries/${gallery}/subjects/${subject}/split`, { json: { faces, into: values.into.trim(), create: values.create } }),
  });
  if (!to) return;
  toast(`${plural(faces.length, "face")} of ${subject} ${faces.length === 1 ? "is" : "are"} ${to.id}'s now.`);
  go(href(page.path, { gallery, subject: to.id }));
}

async function move(gallery, subject) {
  const others = [];
  if (may("galleries")) for await (const g of each("/v1/galleries", { items: "galleries" })) if (g.name !== gallery) others.push(g.name);
  const to = await ask({
    heading: `Move ${subject} to another gallery`, yes: "Move",
    text: "The other gallery's rules hold from then on: where it keeps no photos, those of this person are erased.",
    fields: [
      field({ label: "Gallery", name: "gallery", required: true, type: others.length > 0 ? "select" : "text", options: others }),
      field({ label: "Id there", name: "id", optional: true, placeholder: subject, spellcheck: "false" }),
    ],
    run: async (values) => ({
      gallery: values.gallery,
      ...(await call("POST", at`/v1/galleries/${gallery}/subjects/${subject}/move`, { json: { gallery: values.gallery, ...(values.id ? { id: values.id.trim() } : {}) } })),
    }),
  });
  if (!to) return;
  toast(`${subject} is in ${to.gallery} now.`);
  go(href(page.path, { gallery: to.gallery, subject: to.id }));
}
