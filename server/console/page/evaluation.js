// Does it work? The gallery's promise against what its own faces say.

import { at, call, each, may } from "./api.js";
import { el, fill, actions, badge, button, card, cards, confirm, curl, empty, facts, field, form, link, note, number, percent, plural, progress, rate, section, table, toast, when } from "./view.js";
import { lines } from "./plot.js";
import { thumb } from "./photo.js";
import { href, refresh } from "./route.js";

const person = "galleries/:gallery/subjects/:subject";

export const page = {
  path: "galleries/:gallery/evaluation",
  title: "Does it work?",
  nav: { label: "Does it work?", group: "gallery", order: 60, text: "The promise against what the gallery's own faces say." },
  scope: "evaluate",
  lead: (params) => `Each enrolled face of ${params.gallery} is searched as if its person were not enrolled. Who is then answered with somebody else has looked enough like them.`,
  async render(main, params, signal) {
    const path = at`/v1/galleries/${params.gallery}/evaluation`;
    const told = await call("GET", path, { signal });
    const start = startForm(path, signal);
    const running = told.job && ["queued", "running"].includes(told.job.status);
    const aside = may("read") ? await facesAside(params, signal) : null;
    if (!told.job && !told.found) {
      empty(main, { heading: "Nobody has looked yet", text: "It takes some seconds for a thousand people, rests as long as it works, and changes nothing.", icon: "gauge", action: start });
      main.append(...[aside, curl("POST", path, { json: {} })].filter(Boolean));
      return;
    }
    fill(main,
      running && underWay(told.job, path, signal),
      told.job?.status === "failed" && note(`The last evaluation failed: ${told.job.error}`, "bad"),
      told.found && found(told.found, params, signal),
      !running && section(told.found ? "Again" : "Look", start),
      aside,
      curl("GET", path));
  },
};

// startForm has the gallery evaluated.
function startForm(path, signal) {
  const faces = field({ label: "Faces to search at most", name: "faces", type: "number", min: 1, max: 100000, step: 1, value: 2000, required: true,
    hint: "Of a larger gallery people are drawn at random, others each time." });
  return form({
    fields: [faces], submit: "Evaluate",
    async onsubmit({ faces }) {
      await call("POST", path, { json: { faces }, signal });
      refresh();
    },
  });
}

// underWay shows how far it is, until it has ended.
function underWay(job, path, signal) {
  const node = el("div", { role: "status" });
  const show = (job) => fill(node, note(el("div", null, el("p", null, job.status === "queued" ? "The evaluation waits for its turn." : `The evaluation is under way: ${number(job.done)} faces are searched.`),
    progress({ label: "Faces searched", value: job.total ? job.done : null, max: job.total || 1 }))));
  show(job);
  const look = async () => {
    try {
      const { job } = await call("GET", path, { signal });
      if (!job || !["queued", "running"].includes(job.status)) return refresh();
      show(job);
      setTimeout(look, 1000);
    } catch (problem) {
      if (problem.name !== "AbortError" && !signal.aborted) setTimeout(look, 5000);
    }
  };
  setTimeout(look, 1000);
  return node;
}

function found(e, params, signal) {
  const most = e.searched_people < e.people ? ` drawn from ${plural(e.people, "person", "people")}` : "";
  return [
    verdict(e),
    facts([
      ["Looked at", when(e.at)],
      ["Faces enrolled", number(e.enrolled)],
      ["Searched", `${plural(e.searched, "face")} of ${plural(e.searched_people, "person", "people")}${most}`],
      ["Maybe enrolled twice", plural(e.suspects, "person", "people")],
      e.missed && ["Own photos that would be missed", `${percent(e.missed.share)} (${interval(e.missed)})`],
    ]),
    section("Promised and measured", rates(e), curve(e)),
    section("People who look most alike", e.alike.length ? pairs(e, params, signal) : el("p", { class: "soft" }, "There is nobody to compare.")),
    section("Faces that are unlike their person", unlike(e, params, signal)),
  ];
}

const interval = (p) => `${percent(p.low)} to ${percent(p.high)}`;

// verdict says in words whether the promise is kept.
function verdict({ policy, suspects, searched_people: people }) {
  const promised = rate(policy.fpir);
  if (people < 2) return note("There are too few people to say anything.", "info");
  if (suspects > people / 10) return note(`${percent(policy.measured.share)} of strangers got somebody's name (95 %: ${interval(policy.measured)}), where ${promised} was promised, and ${plural(suspects, "person", "people")} of ${number(people)} look so alike to somebody else that either they are enrolled twice, or people here look more alike than the calibration knows. Look at the pairs below: that decides which.`, "bad");
  const of = suspects ? policy.distinct : policy.measured;
  const without = suspects ? ", leaving out who may be enrolled twice" : "";
  if (of.low > policy.fpir) return note(`The promise is not kept. At most ${promised} strangers was to get somebody's name; ${percent(of.share)} did (95 %: ${interval(of)})${without}. People here look more alike than those of the calibration: calibrate on your own photos, or choose a lower rate.`, "bad");
  if (of.high < policy.fpir) return note(`The promise is kept, with room: ${promised} strangers may get somebody's name, and ${percent(of.share)} did (95 %: ${interval(of)})${without}.`, "good");
  return note(`The promise fits what was seen: ${promised} strangers may get somebody's name, and ${percent(of.share)} did (95 %: ${interval(of)})${without}. More people would tell it more exactly.`, "good");
}

function rates(e) {
  const all = [...e.rates, e.policy].sort((a, b) => a.fpir - b.fpir);
  return table({
    caption: "What was promised, and what was measured",
    columns: [
      { name: "Promised", of: (r) => (r === e.policy ? el("span", null, percent(r.fpir), " ", badge("policy")) : percent(r.fpir)) },
      { name: "Measured", align: "end", of: (r) => percent(r.measured.share) },
      { name: "95 % interval", align: "end", of: (r) => interval(r.measured) },
      { name: "Without who may be there twice", align: "end", of: (r) => percent(r.distinct.share) },
      { name: "Threshold", align: "end", narrow: false, of: (r) => number(r.threshold, { maximumFractionDigits: 3 }) },
    ],
    rows: all,
  });
}

function curve(e) {
  const some = (of) => e.rates.map((r) => [r.fpir, Math.max(of(r), 1e-4)]);
  const share = { log: true, from: 1e-3, to: 1, format: (v) => percent(v, 1) };
  return lines({
    label: "Measured share of strangers over the promised one",
    x: { ...share, label: "Promised", to: 0.3 }, y: { ...share, label: "Measured", from: 1e-4 },
    series: [
      { name: "Promised", points: e.rates.map((r) => [r.fpir, r.fpir]), dash: true, tone: "tone-1" },
      { name: "Measured", points: some((r) => r.measured.share), tone: "tone-0" },
      { name: "Lowest (95 %)", points: some((r) => r.measured.low), tone: "tone-3", dash: true },
      { name: "Highest (95 %)", points: some((r) => r.measured.high), tone: "tone-3", dash: true },
    ],
    text: `At the policy's ${percent(e.policy.fpir)} it was ${percent(e.policy.measured.share)}.`, height: 260,
  });
}

const photoOf = (params, of) => at`/v1/galleries/${params.gallery}/subjects/${of.subject}/faces/${of.face}/photo`;
const face = (params, of, signal) => may("read") ? thumb(photoOf(params, of), { alt: `Photo of ${of.subject}`, size: 72, signal }) : null;
const named = (params, of) => link(of.subject, href(person, { gallery: params.gallery, subject: of.subject }));

function pairs(e, params, signal) {
  const shown = e.alike.slice(0, 12);
  return cards(shown.map((p) => {
    const node = card({ tone: p.suspect ? "warn" : "" },
      el("div", { class: "beside" }, face(params, p.a, signal), face(params, p.b, signal)),
      el("p", null, named(params, p.a), " and ", named(params, p.b)),
      el("p", null, p.suspect ? badge("maybe one person", "warn") : badge("two people, as far as can be told")),
      facts([["Cosine", number(p.cosine, { maximumFractionDigits: 3 })], ["Pairs so alike by chance", number(p.expected, { maximumSignificantDigits: 2 })]]));
    if (may("enrol", "delete")) {
      node.append(actions(button("They are one person…", {
        icon: "merge", kind: p.suspect ? "primary" : "quiet",
        onclick: async () => {
          if (!(await confirm({ heading: "One person?", text: `All photos of ${p.b.subject} become photos of ${p.a.subject}, and ${p.b.subject} is gone. This cannot be taken back by one click.`, yes: "Merge", danger: true }))) return;
          await call("POST", at`/v1/galleries/${params.gallery}/subjects/${p.b.subject}/merge`, { json: { into: p.a.subject }, signal });
          toast(`${p.b.subject} is now ${p.a.subject}.`, { tone: "good" });
          refresh();
        },
      })));
    }
    return node;
  }));
}

function unlike(e, params, signal) {
  if (e.mates === 0) return el("p", { class: "soft" }, "Nobody has two photos, so no face can be compared with its own person's.");
  if (e.unlike.length === 0) return el("p", null, "Each face is like another one of its person.");
  return [
    el("p", null, "A face that is set aside is kept, and is found by no search. Bring it back whenever you like."),
    table({
      caption: "Faces that are unlike their person's others",
      columns: [
        { name: "Person", of: (u) => named(params, u) },
        { name: "Photo", of: (u) => face(params, u, signal) },
        { name: "Nearest of its own", align: "end", of: (u) => `${number(u.own, { maximumFractionDigits: 3 })} of ${plural(u.others, "other")}` },
        { name: "Nearest of somebody else", of: (u) => (u.nearest ? el("span", null, named(params, u.nearest), ` ${number(u.other, { maximumFractionDigits: 3 })}`, " ", u.other > u.own && badge("nearer", "warn")) : "–") },
        { name: "", label: "Set aside", of: (u) => may("delete") && button("Set aside", { icon: "out", label: `Set aside a face of ${u.subject}`, onclick: () => setAside(params, u, signal) }) },
      ],
      rows: e.unlike,
    }),
  ];
}

async function setAside(params, of, signal) {
  const path = at`/v1/galleries/${params.gallery}/subjects/${of.subject}/faces/${of.face}/aside`;
  await call("PUT", path, { signal });
  toast(`A face of ${of.subject} is set aside: no search finds it.`, { tone: "good", undo: may("enrol") ? () => back(path) : undefined });
  refresh();
}

async function back(path) {
  await call("DELETE", path);
  toast("The face is back.", { tone: "good" });
  refresh();
}

// facesAside are those that no search finds.
async function facesAside(params, signal) {
  const path = at`/v1/galleries/${params.gallery}/aside`;
  const rows = [];
  for await (const f of each(path, { items: "faces", signal })) if (rows.push(f) === 1000) break;
  if (rows.length === 0) return null;
  return section("Set aside", table({
    caption: "Faces that were set aside",
    columns: [
      { name: "Person", of: (f) => named(params, f) },
      { name: "Photo", of: (f) => face(params, f, signal) },
      { name: "Since", of: (f) => when(f.aside_at, { relative: true }) },
      { name: "", label: "Bring back", of: (f) => may("enrol") && button("Bring back", { icon: "back", label: `Bring back a face of ${f.subject}`, onclick: () => back(at`/v1/galleries/${params.gallery}/subjects/${f.subject}/faces/${f.face}/aside`) }) },
    ],
    rows,
  }), curl("GET", path));
}
