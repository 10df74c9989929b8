// People of a folder, of a table with photos, or of an archive, brought into a gallery.

import { at } from "./api.js";
import { el, fill, actions, button, bytes, curl, field, icon, note, number, plural, progress, say, section, table, toast } from "./view.js";
import { go, href } from "./route.js";
import { filesOf, kindOf, pathOf, plan, send, unknown, ways } from "./send.js";

export const page = {
  path: "galleries/:gallery/import",
  title: "Import people",
  nav: { label: "Import", group: "gallery", order: 30, text: "Enrol many people at once." },
  scope: "imports",
  lead: "A folder with a folder of photos for each person, a table (CSV) with its photos, or a ZIP archive.",
  async render(main, { gallery }, signal) {
    const chosen = el("div");
    fill(main, chooser((files) => choose(chosen, gallery, files, signal), signal), chosen,
      curl("POST", at`/v1/galleries/${gallery}/imports`, { body: new File([], "people.zip"), type: "application/zip", query: { subject_from: "parent" } }));
  },
};

// chooser takes files and folders, dropped or chosen.
function chooser(take, signal) {
  const input = (id, props) => el("input", { type: "file", class: "unseen", id, multiple: true, onchange: (event) => { take([...event.target.files]); event.target.value = ""; }, ...props });
  const node = el("div", { class: "picker" }, icon("upload"),
    el("div", { class: "actions" },
      input("import-files", { accept: ".csv,.tsv,.zip,.ndjson,.jsonl,image/jpeg,image/png,image/webp,image/bmp" }), el("label", { for: "import-files", class: "button primary" }, icon("photo"), el("span", null, "Choose files")),
      input("import-folder", { webkitdirectory: true }), el("label", { for: "import-folder", class: "button" }, icon("people"), el("span", null, "Choose a folder"))),
    el("p", { class: "hint" }, "Or drop them here. A table is chosen together with its photos."));
  const listen = (name, run) => document.addEventListener(name, run, { signal });
  listen("dragover", (event) => { event.preventDefault(); node.classList.add("over"); });
  listen("dragleave", (event) => { if (!event.relatedTarget) node.classList.remove("over"); });
  listen("drop", (event) => {
    event.preventDefault();
    node.classList.remove("over");
    filesOf(event.dataTransfer).then(take, (problem) => toast(problem.message, { tone: "bad" }));
  });
  return node;
}

function choose(to, gallery, files, signal) {
  if (files.length === 0) return;
  try {
    const kind = kindOf(files);
    fill(to, kind === "zip" || kind === "ndjson" ? whole(gallery, files[0], kind, signal) : many(gallery, files, kind, signal));
    say(`${plural(files.length, "file")} chosen.`);
    to.querySelector("h2").focus();
  } catch (problem) {
    fill(to, note(problem.message, "bad"));
    say(problem.message);
  }
}

const existing = () => field({
  label: "People who are there already", name: "existing", type: "select",
  options: [{ value: "add", text: "get the new photos, too" }, { value: "skip", text: "are left as they are" }, { value: "refuse", text: "are refused, with a reason" }],
});

const makeIDs = () => field({
  label: "Make ids of names that are none", name: "make_ids", type: "checkbox", value: true,
  hint: "Such as José García, which becomes Jose_Garcia-978edf99; the name is kept beside it.",
});

// whole is an archive, or lines, which the server takes apart.
function whole(gallery, file, format, signal) {
  const there = existing(), names = makeIDs();
  const way = format === "zip" && field({ label: "Whose a photo is", name: "way", type: "select", options: ways.filter((w) => w.value !== "one") });
  return part(`${file.name}, ${bytes(file.size)}`, way && way, there, names,
    begin(gallery, signal, async () => ({ file, format, existing: there.value, makeIDs: names.value, subjectFrom: way ? way.value : "" })));
}

// many are photos, by themselves or with a table.
function many(gallery, files, kind, signal) {
  const there = existing(), names = makeIDs();
  const found = el("div", { class: "stack" }), columns = el("div", { class: "fields" });
  const one = field({ label: "The person’s id", name: "one", oninput: () => look() });
  one.hidden = true;
  const folders = files.some((file) => pathOf(file).includes("/"));
  const way = kind === "photos" && field({
    label: "Whose a photo is", name: "way", type: "select", value: folders ? "parent" : "file", options: ways,
    onchange: () => { one.hidden = way.value !== "one"; look(); },
  });
  let planned = { items: [], leftOut: [] }, named = null;
  const look = async () => {
    try {
      planned = await plan(files, { way: way ? way.value : "", one: one.value, columns: named && { subject: named[0].value, photo: named[1].value } });
      fill(found, summary(planned));
    } catch (problem) {
      planned = { items: [], leftOut: [] };
      fill(found, note(problem.message, "warn"));
      if (problem.names && !named) {
        const select = (label, name) => field({ label, name, type: "select", options: ["", ...problem.names], onchange: look });
        fill(columns, named = [select("The column with the person", "subject"), select("The column with the photo", "photo")]);
      }
    }
  };
  look();
  return part(kind === "table" ? "A table with its photos" : plural(files.length, "file"), columns, way && way, one, there, names, found,
    begin(gallery, signal, async (tell, signal) => {
      if (planned.items.length === 0) throw new Error("There is no photo to send.");
      tell("Asking which photos are there", null);
      const items = there.value === "add" ? await unknown(gallery, planned.items, { signal, onDone: (n) => tell("Asking which photos are there", n / planned.items.length) }) : planned.items;
      const known = planned.items.length - items.length;
      if (items.length === 0) return { done: `All ${plural(known, "photo")} are there already.` };
      if (known > 0) toast(`${plural(known, "photo")} of ${number(planned.items.length)} are there already, and are not sent.`);
      return { items, existing: there.value, makeIDs: names.value };
    }));
}

function part(heading, ...children) {
  const node = section(heading, el("div", { class: "stack" }, ...children));
  node.querySelector("h2").tabIndex = -1;
  node.classList.add("surface");
  return node;
}

// summary shows whose each photo is taken to be, before anything is sent.
function summary({ items, leftOut }) {
  const people = new Set(items.map((item) => item.subject)).size;
  const few = 5;
  return [
    el("p", null, `${plural(items.length, "photo")} of ${plural(people, "person", "people")}.`),
    items.length > 0 && table({
      caption: "Whose photos these are", rows: items.slice(0, few),
      columns: [{ name: "Photo", of: (item) => item.path }, { name: "Person", of: (item) => item.subject }],
    }),
    items.length > few && el("p", { class: "soft" }, `And ${number(items.length - few)} more.`),
    leftOut.length > 0 && note([
      el("p", null, `${plural(leftOut.length, "file")} would be left out:`),
      el("ul", null, leftOut.slice(0, few).map(({ path, why }) => el("li", null, el("code", null, path), `: ${why}`))),
      leftOut.length > few && el("p", null, `and ${number(leftOut.length - few)} more.`),
    ], "warn"),
  ];
}

// begin sends what prepare says, shows how far that is, and goes to the import.
function begin(gallery, signal, prepare) {
  const shown = el("div", { class: "stack", hidden: true });
  let ends = null;
  const tell = (text, share) => {
    shown.hidden = false;
    fill(shown, el("p", null, text), progress({ label: text, value: share }));
  };
  const cancel = button("Stop", { kind: "quiet", icon: "cross", onclick: () => ends?.abort() });
  cancel.hidden = true;
  const start = button("Import", {
    kind: "primary", icon: "upload",
    onclick: async () => {
      ends = new AbortController();
      const both = AbortSignal.any([signal, ends.signal]);
      cancel.hidden = false;
      try {
        const what = await prepare(tell, both);
        if (what.done) {
          toast(what.done);
          return;
        }
        const made = await send(gallery, what, {
          signal: both,
          onProgress: (n, of) => tell(what.items ? `Sending ${number(n)} of ${plural(of, "photo")}` : `Sending ${bytes(n)} of ${bytes(of)}`, n / of),
        });
        toast("All is sent, and the import has begun.");
        go(href("imports/:import", { import: made.id }));
      } catch (problem) {
        if (ends.signal.aborted) toast("The import is stopped, and nothing of it stays.", { tone: "warn" });
        else throw problem;
      } finally {
        if (document.activeElement === cancel) start.focus();
        cancel.hidden = true;
        shown.hidden = true;
      }
    },
  });
  return [shown, actions(start, cancel)];
}

