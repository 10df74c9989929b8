// What people choose in a browser, sent as an import: photos, folders, a table with
// photos, an archive, or lines of JSON.
import { at, call, may } from "./api.js";
import { parseTable } from "./csv.js";

// The greatest part that is sent; smaller ones where the server takes no such body.
const greatest = 8 << 20, least = 64 << 10;

// What may be an id of a person; others are made ids by the server, where it is asked to.
const id = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/;

const ending = (file) => file.name.toLowerCase().split(".").pop();

const clutter = (path) => path.split("/").some((part) => part.startsWith(".") || ["__MACOSX", "Thumbs.db", "desktop.ini"].includes(part));

// pathOf is where a file lies in the folder that was chosen.
export const pathOf = (file) => file.path ?? (file.webkitRelativePath || file.name);

// filesOf are the files of a drop, with those in its folders.
export async function filesOf(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const all = [];
  const walk = async (entry, path) => {
    if (entry instanceof File) { all.push(entry); return; }
    if (entry.isFile) {
      const file = await new Promise((take, fail) => entry.file(take, fail));
      file.path = path + entry.name;
      all.push(file);
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((take, fail) => reader.readEntries(take, fail));
      if (some.length === 0) break;
      for (const inner of some) await walk(inner, path + entry.name + "/");
    }
  };
  for (const entry of entries) if (entry) await walk(entry, "");
  return all;
}

// The ways to tell whose a photo is.
export const ways = [
  { value: "parent", text: "by the folder that it lies in" },
  { value: "first", text: "by the first folder of its path" },
  { value: "file", text: "by the file’s name" },
  { value: "one", text: "all are of one person" },
];

const subjectBy = {
  parent: (path) => path.split("/").at(-2) ?? "",
  first: (path) => (path.includes("/") ? path.split("/")[0] : ""),
  file: (path) => path.split("/").at(-1).replace(/\.[^.]*$/, ""),
};

// kindOf tells what was chosen: "zip", "ndjson", "table" or "photos"; a text where it is
// none that can be sent together.
export function kindOf(files) {
  const of = (name) => files.filter((file) => ending(file) === name);
  for (const name of ["zip", "ndjson", "jsonl"]) {
    if (of(name).length === 0) continue;
    if (files.length > 1) throw new Error("An archive or a file of lines is sent by itself: choose it alone.");
    return name === "zip" ? "zip" : "ndjson";
  }
  const tables = of("csv").length + of("tsv").length;
  if (tables > 1) throw new Error("There are several tables: choose one, with its photos.");
  return tables === 1 ? "table" : "photos";
}

// plan tells of each photo whose it is, and of each file that is left out why.
// Columns are those of a table: {subject, photo}.
export async function plan(files, { way = "parent", one = "", columns } = {}) {
  const items = [], leftOut = [];
  const photos = files.filter((file) => !["csv", "tsv"].includes(ending(file)));
  const add = (file, path, subject, metadata) => {
    if (subject === "") leftOut.push({ path, why: "nothing says whose photo it is" });
    else items.push({ file, path, subject, metadata });
  };
  if (kindOf(files) !== "table") {
    for (const file of photos) {
      const path = pathOf(file);
      if (!clutter(path)) add(file, path, way === "one" ? one.trim() : subjectBy[way](path));
    }
    return { items, leftOut };
  }
  const table = files.find((file) => ["csv", "tsv"].includes(ending(file)));
  const { columns: names, rows } = parseTable(await table.text());
  const subject = names.indexOf(columns?.subject ?? "subject"), photo = names.indexOf(columns?.photo ?? "photo");
  if (subject < 0 || photo < 0) throw Object.assign(new Error("Say which column names the person, and which the photo."), { names });
  // A path of the table is one from where the table lies, or the name of a file alone.
  const beside = pathOf(table).split("/").slice(0, -1).map((part) => part + "/").join("");
  const byPath = new Map(photos.map((file) => [pathOf(file), file]));
  const byName = new Map();
  for (const file of photos) byName.set(file.name, byName.has(file.name) ? null : file);
  for (const { line, cells } of rows) {
    const given = (cells[photo] ?? "").trim().replaceAll("\\", "/").replace(/^\.\//, "");
    const file = byPath.get(beside + given) ?? byPath.get(given) ?? byName.get(given.split("/").at(-1));
    if (!file) {
      leftOut.push({ path: given || `row ${line}`, why: given === "" ? "the row names no photo" : file === null ? "several files have this name" : "no such file was chosen" });
      continue;
    }
    const metadata = {};
    names.forEach((name, i) => { if (i !== subject && i !== photo && name !== "" && (cells[i] ?? "") !== "") metadata[name] = cells[i]; });
    add(file, given, (cells[subject] ?? "").trim(), metadata);
  }
  return { items, leftOut, names };
}

const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, "0")).join("");

// unknown are the items whose photos the server lacks, as far as that can be asked.
export async function unknown(gallery, items, { signal, onDone = () => {} }) {
  const left = [], most = 200;
  // Pages that did not come over TLS, nor from this machine, have no hashes.
  if (!may("enrol") || !globalThis.crypto?.subtle) return items;
  for (let i = 0; i < items.length; i += most) {
    const some = items.slice(i, i + most), asked = some.filter((item) => id.test(item.subject)), photos = [];
    for (const item of asked) {
      signal?.throwIfAborted();
      photos.push({ subject: item.subject, sha256: hex(await crypto.subtle.digest("SHA-256", await item.file.arrayBuffer())) });
    }
    const has = new Set();
    if (photos.length > 0) {
      const { known } = await call("POST", at`/v1/galleries/${gallery}/photos/known`, { json: { photos }, signal });
      known.forEach((is, n) => { if (is) has.add(asked[n]); });
    }
    for (const item of some) if (!has.has(item)) left.push(item);
    onDone(Math.min(i + most, items.length));
  }
  return left;
}

const encoded = (file) => new Promise((take, fail) => {
  const reader = new FileReader();
  reader.onload = () => take(reader.result.slice(reader.result.indexOf(",") + 1));
  reader.onerror = () => fail(new Error(`${pathOf(file)} cannot be read: it was changed or moved since it was chosen.`));
  reader.readAsDataURL(file);
});

// lines are what is sent of the items, one at a time.
async function* lines(items, onItem) {
  for (let i = 0; i < items.length; i++) {
    const { file, path, subject, metadata } = items[i];
    yield new Blob([JSON.stringify({ subject, name: path, photo: await encoded(file), ...(metadata && Object.keys(metadata).length > 0 ? { metadata } : {}) }) + "\n"]);
    onItem(i + 1);
  }
}

async function* whole(file, onItem) {
  for (let from = 0; from < file.size; from += greatest) {
    yield file.slice(from, from + greatest);
    onItem(Math.min(from + greatest, file.size));
  }
}

// patient repeats a call that a server may take later.
async function patient(signal, does) {
  for (let n = 0; ; n++) {
    try {
      return await does();
    } catch (problem) {
      if (signal?.aborted || n >= 8 || ![0, 429, 502, 503, 504].includes(problem.status)) throw problem;
      await new Promise((go) => setTimeout(go, 1000 * (problem.retryAfter || Math.min(2 ** n, 30))));
    }
  }
}

// send makes an import of items, or of a file that is one already ({file, format}), and
// begins it. Where it fails or is given up, nothing of it stays. onProgress is told how
// much of how much was sent.
export async function send(gallery, { items, file, format = "ndjson", existing, makeIDs, subjectFrom }, { signal, onProgress = () => {} }) {
  const made = await call("POST", at`/v1/galleries/${gallery}/imports`, {
    json: { format, existing, make_ids: makeIDs, ...(subjectFrom ? { subject_from: subjectFrom } : {}) }, signal,
  });
  try {
    const total = items ? items.length : file.size;
    let size = greatest, part = 0, pending = new Blob([]);
    const put = async (content) => {
      for (;;) {
        try {
          const some = content.slice(0, size);
          await patient(signal, () => call("PUT", at`/v1/imports/${made.id}/parts/${part + 1}`, { body: some, type: "application/octet-stream", signal }));
          part++;
          return content.slice(some.size);
        } catch (problem) {
          if (problem.code !== "body_too_large" || size <= least) throw problem;
          size /= 2;
        }
      }
    };
    for await (const some of items ? lines(items, (n) => onProgress(n, total)) : whole(file, (n) => onProgress(n, total))) {
      pending = new Blob([pending, some]);
      while (pending.size >= size) pending = await put(pending);
    }
    while (pending.size > 0) pending = await put(pending);
    return await patient(signal, () => call("POST", at`/v1/imports/${made.id}/start`, { signal }));
  } catch (problem) {
    await call("DELETE", at`/v1/imports/${made.id}`, {}).catch(() => {}); // it ends by itself within a day
    throw problem;
  }
}
