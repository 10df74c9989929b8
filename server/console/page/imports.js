// Imports: what is under way, what came of each photo, and why some were refused.

import { at, call, each, may, pageOf } from "./api.js";
import { el, fill, actions, button, confirm, curl, empty, facts, link, note, number, plural, progress, section, segmented, table, toast, when } from "./view.js";
import { go, href } from "./route.js";
import { again } from "./poll.js";
import { busy, status } from "./statuses.js";
import { tableOf } from "./csv.js";

const one = "imports/:import";

export const list = {
  path: "imports",
  title: "Imports",
  nav: { label: "Imports", group: "server", order: 30, icon: "upload" },
  scope: "imports",
  async render(main, params, signal) {
    const read = () => pageOf("/v1/imports", { items: "imports", signal, query: { limit: 50 } });
    const page = await read();
    if (page.rows.length === 0) {
      return empty(main, {
        heading: "Nothing was imported yet", icon: "upload",
        text: "An import enrols many people at once: a folder of photos, a table with photos, or an archive. Begin one in a gallery.",
        action: may("galleries") && link("To the galleries", "#/", { kind: "primary" }),
      });
    }
    const shown = table({
      caption: "Imports, the newest first", ...page,
      columns: [
        { name: "Begun", of: (i) => el("a", { href: href(one, { import: i.id }) }, when(i.created_at, { relative: true })) },
        { name: "Gallery", of: (i) => i.gallery },
        { name: "Status", of: (i) => status(i.status) },
        { name: "Photos", align: "end", of: (i) => (i.total ? `${number(i.done)} of ${number(i.total)}` : number(i.done)) },
        { name: "Added", align: "end", of: (i) => number(i.added) },
        { name: "There already", align: "end", narrow: false, of: (i) => number(i.present) },
        { name: "Refused", align: "end", of: (i) => number(i.refused) },
      ],
    });
    fill(main, shown, curl("GET", "/v1/imports"));
    if (page.rows.some((i) => busy(i.status))) {
      again(2000, signal, async () => {
        if (shown.contains(document.activeElement) || shown.rows().length > 50) return false; // whoever reads there is not disturbed
        const now = await read();
        shown.replace(now);
        return !now.rows.some((i) => busy(i.status));
      });
    }
  },
};

export const page = {
  path: one,
  title: "Import",
  scope: "imports",
  nav: { under: "imports" },
  crumbs: () => [{ text: "Imports", href: href("imports") }],
  async render(main, params, signal) {
    const path = at`/v1/imports/${params.import}`;
    const top = el("div", { class: "stack" }), can = el("div"), did = el("div"), what = el("div");
    let i = await call("GET", path, { signal });
    const show = () => fill(top, about(i), waits(i) && note(i.error, i.status === "failed" || i.status === "invalid" ? "bad" : "warn"));
    const results = itemsOf(path, signal, i.refused > 0 ? "refused" : "");
    show();
    fill(can, does(i));
    fill(did, results);
    fill(main, section("How far it is", el("div", { class: "stack" }, top, can)), section("What came of each photo", did), what, curl("GET", path));
    if (busy(i.status)) {
      again(1000, signal, async () => {
        const was = i.done;
        i = await call("GET", path, { signal });
        show();
        if (!busy(i.status)) { // until then what has the focus stays
          const focused = can.contains(document.activeElement);
          fill(can, does(i));
          if (focused) document.querySelector("h1")?.focus();
        }
        if (!busy(i.status) && i.refused > 0) results.prefer("refused");
        else if (i.done !== was) results.refresh();
        return !busy(i.status);
      });
    }
  },
};

const waits = (i) => Boolean(i.error);

function about(i) {
  return [
    progress({ label: "Photos that are done", value: i.total || !busy(i.status) ? i.done : null, max: Math.max(i.total ?? i.done, 1) }),
    facts([
      ["Status", status(i.status)],
      ["Gallery", i.gallery],
      ["Photos", i.total ? `${number(i.done)} of ${number(i.total)}` : number(i.done)],
      ["Added", number(i.added)],
      ["There already", number(i.present)],
      i.skipped > 0 && ["Skipped", number(i.skipped)],
      ["Refused", number(i.refused)],
      ["Begun", when(i.started_at ?? i.created_at)],
      ["Ended", when(i.ended_at)],
    ]),
  ];
}

function does(i) {
  const path = at`/v1/imports/${i.id}`;
  const cancel = busy(i.status) && may("jobs") && i.job && button("Cancel", {
    icon: "cross",
    onclick: async () => {
      if (!await confirm({ heading: "Cancel the import?", text: "Whom it has enrolled stays. What it was made from is erased.", yes: "Cancel the import", danger: true })) return;
      await call("POST", at`/v1/jobs/${i.job}/cancel`);
      toast("The import is cancelled.");
      go(href(one, { import: i.id }));
    },
  });
  const forget = button(busy(i.status) || i.status === "open" ? "Cancel and forget" : "Forget", {
    icon: "trash", kind: "danger",
    onclick: async () => {
      if (!await confirm({ heading: "Forget the import?", text: "What it is made from and what came of each photo are erased. Whom it has enrolled stays.", yes: "Forget it", danger: true })) return;
      await call("DELETE", path);
      toast("The import is forgotten.");
      go(href("imports"));
    },
  });
  return actions(cancel, forget,
    (may("galleries") || may("read")) && link("Its gallery", href("galleries/:gallery", { gallery: i.gallery })),
    i.job && may("jobs") && link("Its job", href("jobs/:job", { job: i.job })));
}

// itemsOf are what came of the photos of an import, of one outcome at a time.
export function itemsOf(path, signal, outcome = "") {
  const body = el("div");
  let touched = false;
  const query = () => (outcome ? { outcome, limit: 100 } : { limit: 100 });
  const read = () => pageOf(`${path}/items`, { items: "items", signal, query: query() });
  const show = async () => {
    const found = await read();
    fill(body, found.rows.length === 0 ? el("p", { class: "soft" }, outcome ? "There is no such photo." : "No photo is done yet.") : table({
      caption: "Photos", ...found,
      columns: [
        { name: "Photo", of: (r) => r.path },
        { name: "Person", of: (r) => r.subject || "–" },
        { name: "Outcome", of: (r) => status(r.outcome) },
        { name: "Why", of: (r) => (r.message ? el("div", null, r.message, " ", el("code", null, r.code), r.what_to_do && el("p", { class: "soft small" }, r.what_to_do)) : "–") },
      ],
    }));
  };
  const choice = segmented({
    label: "Show", value: outcome,
    options: [{ value: "refused", text: "Refused" }, { value: "skipped", text: "Skipped" }, { value: "present", text: "There already" }, { value: "added", text: "Added" }, { value: "", text: "All" }],
    onchange: (to) => { touched = true; outcome = to; show().catch(told); },
  });
  const told = (problem) => { if (!signal.aborted) toast(problem.message, { tone: "bad" }); };
  const save = button("Save the refusals", {
    icon: "out", kind: "quiet",
    onclick: async () => {
      const rows = [];
      for (const of of ["refused", "skipped"]) {
        for await (const r of each(`${path}/items`, { items: "items", query: { outcome: of, limit: 1000 }, signal })) rows.push([r.path, r.subject, r.outcome, r.code, r.message, r.what_to_do]);
      }
      saved("refused.csv", tableOf(["path", "subject", "outcome", "code", "message", "what_to_do"], rows));
      toast(`${plural(rows.length, "row")} saved.`);
    },
  });
  const node = el("div", { class: "stack" }, el("div", { class: "row apart" }, choice, save), body);
  // Whoever reads there is not disturbed.
  node.refresh = () => { if (!body.contains(document.activeElement) && body.querySelectorAll("tbody tr").length <= 100) show().catch(told); };
  // prefer shows an outcome, unless the reader has chosen one.
  node.prefer = (to) => {
    if (!touched && !body.contains(document.activeElement)) choice.value = outcome = to;
    show().catch(told);
  };
  show().catch(told);
  return node;
}

// saved gives the reader a file.
function saved(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const to = el("a", { href: address, download: name });
  to.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

