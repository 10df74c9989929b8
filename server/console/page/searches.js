// How exact the last searches were, and where their time went.

import { call } from "./api.js";
import { el, fill, badge, bytes, button, curl, empty, facts, number, percent, plural, section, table, took, when } from "./view.js";
import { bars } from "./plot.js";
import { refresh } from "./route.js";

const proofs = {
  bounds: ["exact", "good", "Each face that was not compared in full was ruled out by a bound of its codes."],
  all: ["exact", "good", "All templates were compared."],
  recall: ["measured recall", "warn", "A graph found them, which may miss some; how many was measured."],
};

const stages = {
  queue: "Waiting for a free worker", decode: "Decoding the photo", detect: "Finding faces", refine: "Correcting the crop", align: "Aligning",
  recognise: "Making the template", assess: "Judging quality", liveness: "Judging liveness", wait: "Waiting for the index", search: "Searching", store: "Storing",
};

export const page = {
  path: "searches",
  title: "How exact?",
  nav: { label: "How exact?", group: "server", order: 60 },
  scope: "evaluate",
  lead: "The last searches of the server that answers: what they went over, and why nobody nearer was left out. Nothing tells who was searched or found.",
  async render(main, params, signal) {
    const { searches } = await call("GET", "/v1/searches", { signal });
    if (searches.length === 0) {
      empty(main, { heading: "No searches yet", text: "This server has answered none since it was started. Search somebody by a photo, and look again.", icon: "gauge", action: button("Look again", { onclick: refresh }) });
      main.append(curl("GET", "/v1/searches"));
      return;
    }
    const sum = (of) => searches.reduce((all, s) => all + of(s), 0);
    const exact = searches.filter((s) => s.proof !== "recall").length;
    const rows = sum((s) => s.rows);
    fill(main,
      facts([
        ["Searches", number(searches.length)],
        ["Proven exact", percent(exact / searches.length)],
        ["Compared in full", rows ? percent(sum((s) => s.rescored) / rows) : "–"],
        ["Median time of an answer", took(median(searches.map((s) => s.timings.total)) / 1000)],
      ]),
      section("Where the time went", bars({
        label: "Mean time of a search by stage",
        items: Object.entries(stages).map(([stage, name]) => ({ name, value: sum((s) => s.timings[stage]) / searches.length })).filter((i) => i.value > 0.005).sort((a, b) => b.value - a.value),
        format: (ms) => took(ms / 1000),
      })),
      section("One by one", table({
        caption: "The last searches, the newest first",
        columns: [
          { name: "When", of: (s) => when(s.at, { relative: true }) },
          { name: "Gallery", of: (s) => s.gallery },
          { name: "Proof", of: (s) => proof(s.proof) },
          { name: "Faces gone over", align: "end", of: (s) => number(s.rows) },
          { name: "Read", align: "end", narrow: false, of: (s) => (s.bytes ? bytes(s.bytes) : "not told") },
          { name: "Compared in full", align: "end", of: (s) => number(s.rescored) },
          { name: "Searching", align: "end", of: (s) => took(s.timings.search / 1000) },
          { name: "All in all", align: "end", of: (s) => took(s.timings.total / 1000) },
          { name: "Request", narrow: false, of: (s) => el("code", null, s.request_id || "–") },
        ],
        rows: searches,
      })),
      Object.entries(proofs).filter(([name]) => searches.some((s) => s.proof === name)).map(([name, [, , text]]) => el("p", null, proof(name), " ", text)),
      el("p", { class: "soft" }, `${plural(searches.length, "search", "searches")} of at most 100 that a server remembers. Other servers remember their own.`),
      curl("GET", "/v1/searches"));
  },
};

const proof = (name) => badge(proofs[name]?.[0] ?? name, proofs[name]?.[1]);

function median(of) {
  const sorted = [...of].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
