// Jobs: what takes long, how far it is, and what came of it.

import { at, call, may, pageOf } from "./api.js";
import { el, fill, actions, button, confirm, curl, empty, facts, link, note, number, progress, section, segmented, table, toast, when } from "./view.js";
import { go, href, refresh } from "./route.js";
import { again } from "./poll.js";
import { busy, status } from "./statuses.js";
import { itemsOf } from "./imports.js";

const one = "jobs/:job";

export const list = {
  path: "jobs",
  title: "Jobs",
  nav: { label: "Jobs", group: "server", order: 35, icon: "job" },
  scope: "jobs",
  async render(main, params, signal) {
    const only = params.query.get("status") ?? "";
    const query = { status: only || undefined, limit: 50 };
    const read = () => pageOf("/v1/jobs", { items: "jobs", signal, query });
    const page = await read();
    const choice = segmented({
      label: "Show", value: only,
      options: [{ value: "", text: "All" }, { value: "running", text: "Running" }, { value: "queued", text: "Waiting" }, { value: "succeeded", text: "Done" }, { value: "failed", text: "Failed" }],
      onchange: (to) => go(href("jobs", {}, { status: to })),
    });
    const body = el("div");
    fill(main, choice, body, curl("GET", "/v1/jobs", { query }));
    if (page.rows.length === 0) {
      return empty(body, { heading: only ? "There is no such job" : "Nothing is under way", icon: "job", text: "Jobs are what takes long, as imports do. They are kept for some days after their end." });
    }
    const shown = table({
      caption: "Jobs, the newest first", ...page,
      columns: [
        { name: "Added", of: (j) => el("a", { href: href(one, { job: j.id }) }, when(j.added_at, { relative: true })) },
        { name: "What", of: (j) => j.kind },
        { name: "Status", of: (j) => status(j.status) },
        { name: "Done", align: "end", of: (j) => (j.total ? `${number(j.done)} of ${number(j.total)}` : number(j.done)) },
        { name: "Ended", narrow: false, of: (j) => when(j.ended_at, { relative: true }) },
      ],
    });
    fill(body, shown);
    if (page.rows.some((j) => busy(j.status))) {
      again(2000, signal, async () => {
        if (shown.contains(document.activeElement) || shown.rows().length > 50) return false;
        const now = await read();
        shown.replace(now);
        return !now.rows.some((j) => busy(j.status));
      });
    }
  },
};

export const page = {
  path: one,
  title: "Job",
  nav: { under: "jobs" },
  scope: "jobs",
  crumbs: () => [{ text: "Jobs", href: href("jobs") }],
  async render(main, params, signal) {
    const path = at`/v1/jobs/${params.job}`;
    const top = el("div", { class: "stack" });
    let j = await call("GET", path, { signal });
    const show = () => fill(top,
      progress({ label: "How much is done", value: j.total || !busy(j.status) ? j.done : null, max: Math.max(j.total ?? j.done, 1) }),
      facts([
        ["Status", status(j.status)], ["What", j.kind],
        ["Done", j.total ? `${number(j.done)} of ${number(j.total)}` : number(j.done)],
        ["Added", when(j.added_at)], ["Begun", j.attempt > 1 ? `${number(j.attempt)} times` : when(j.started_at)], ["Ended", when(j.ended_at)], ["Id", el("code", null, j.id)],
      ]),
      j.error && note(j.error, j.ended_at ? "bad" : "warn"));
    const cancel = button("Cancel", {
      icon: "cross", kind: "danger",
      onclick: async () => {
        if (!await confirm({ heading: "Cancel the job?", text: "What it has done stays.", yes: "Cancel the job", danger: true })) return;
        await call("POST", at`/v1/jobs/${j.id}/cancel`);
        toast("The job is cancelled.");
        refresh();
      },
    });
    cancel.hidden = !busy(j.status);
    // What has the focus stays while what is told of the job is told anew.
    const does = actions(cancel, j.import && may("imports") && link("Its import", href("imports/:import", { import: j.import })));
    show();
    const results = j.import && may("imports") && itemsOf(at`/v1/imports/${j.import}`, signal, "");
    fill(main, section("How far it is", el("div", { class: "stack" }, top, does)), results && section("What came of each photo", results), curl("GET", path));
    if (busy(j.status)) {
      again(1000, signal, async () => {
        const was = j.done;
        j = await call("GET", path, { signal });
        show();
        const focused = document.activeElement === cancel;
        cancel.hidden = !busy(j.status);
        if (focused && cancel.hidden) document.querySelector("h1")?.focus();
        if (results && j.done !== was) results.refresh();
        return !busy(j.status);
      });
    }
  },
};
