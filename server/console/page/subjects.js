// The people of a gallery: found by filters, page by page.

import { at, call, may, pageOf } from "./api.js";
import { badge, curl, el, empty, field, fill, form, link, number, plural, progress, segmented, table, when } from "./view.js";
import { go, href } from "./route.js";
import { leaving } from "./leaving.js";

export const page = {
  path: "galleries/:gallery/subjects",
  title: (params) => `People of ${params.gallery}`,
  nav: { label: "People", text: "Who is here, with their photos and what you say of them.", group: "gallery", order: 20 },
  scope: "read",
  async render(main, params, signal) {
    const asked = Object.fromEntries(params.query ?? []);
    const query = queryOf(asked);
    const path = at`/v1/galleries/${params.gallery}/subjects`;
    const chooses = Object.keys(query).length > 1;
    fill(main, progress({ label: chooses ? "Looking through the gallery" : "Reading" }));
    const [found, counts] = await Promise.all([
      some(path, query, signal),
      call("GET", at`/v1/galleries/${params.gallery}/counts`, { signal }),
    ]);
    if (counts.subjects === 0 && found.rows.length === 0 && !chooses) {
      return empty(main, { heading: "Nobody is here yet", text: "Enrol the first person from a photo, or import many at once.",
        action: [
          may("enrol") && link("Enrol a person", href("galleries/:gallery/enrol", params), { kind: "primary", icon: "add" }),
          may("imports") && link("Import many", href("galleries/:gallery/import", params), { kind: "quiet", icon: "upload" }),
        ],
      });
    }
    fill(main,
      el("p", { class: "soft" }, `${plural(counts.subjects, "person", "people")}, ${plural(counts.faces, "face")}`),
      filters(params, asked),
      table({
        caption: "People, by their ids",
        columns: [
          { name: "Person", of: (s) => [link(s.id, href("galleries/:gallery/subjects/:subject", { gallery: params.gallery, subject: s.id })), s.damaged && badge("damaged", "bad")] },
          { name: "Known of them", of: (s) => pairs(s.metadata) },
          { name: "Faces", align: "end", of: (s) => number(s.face_count) },
          { name: "Photos", align: "end", of: (s) => number(s.photo_count) },
          { name: "Changed", narrow: false, of: (s) => (s.delete_at ? leaving(s) : when(s.updated_at, { relative: true })) },
        ],
        ...found,
        onEmpty: () => el("p", { class: "soft" }, "Nobody passes this filter."),
      }),
      curl("GET", path, { query }));
  },
};

// pairs are what is said of somebody.
export const pairs = (metadata) => {
  const all = Object.entries(metadata);
  return all.length > 0 && el("span", { class: "badges" }, all.map(([key, value]) => badge(`${key}: ${value}`, "pair")));
};

// some is a page with somebody on it, or the end: what a filter keeps may be rare.
async function some(path, query, signal) {
  let found = await pageOf(path, { query, items: "subjects", signal });
  while (found.rows.length === 0 && found.more) found = await found.more();
  const more = found.more;
  return { rows: found.rows, more: more && (() => some(path, { ...query, after: found.answer.next }, signal)) };
}

function queryOf({ prefix, key, value, photos, faces }) {
  const query = { limit: 50 };
  if (prefix) query.prefix = prefix;
  if (photos === "none" || photos === "some") query.photos = photos;
  if (faces) query.max_faces = faces;
  if (key) query.filter = JSON.stringify({ [key]: [value ?? ""] });
  return query;
}

function filters(params, asked) {
  const photos = segmented({
    label: "Photos", value: asked.photos ?? "",
    options: [{ value: "", text: "Any" }, { value: "some", text: "Kept" }, { value: "none", text: "None" }],
  });
  const fields = [
    field({ label: "Id begins with", name: "prefix", type: "search", value: asked.prefix, maxlength: 128, spellcheck: "false" }),
    field({ label: "Known of them", name: "key", value: asked.key, placeholder: "department", maxlength: 64, spellcheck: "false" }),
    field({ label: "is", name: "value", value: asked.value, placeholder: "sales", maxlength: 256, spellcheck: "false" }),
    field({
      label: "Faces", name: "faces", type: "select", value: asked.faces ?? "",
      options: [{ value: "", text: "Any number" }, { value: "0", text: "None" }, { value: "1", text: "At most one" }, { value: "2", text: "At most two" }],
    }),
  ];
  const choose = (values) => {
    const query = Object.fromEntries(Object.entries({ ...values, photos: photos.value }).filter(([, value]) => value));
    go(href(page.path, params, query));
  };
  return el("details", { class: "surface", open: Object.keys(asked).length > 0 }, el("summary", null, "Filter"),
    form({ fields: [...fields, photos], submit: "Filter", onsubmit: choose }));
}

