// Answers of several people that wait for somebody to decide.

import { at, call, may, pageOf } from "./api.js";
import { el, fill, actions, badge, button, card, cards, confirm, curl, empty, facts, link, note, number, plural, section, segmented, table, toast, when } from "./view.js";
import { scale } from "./plot.js";
import { drawn, thumb } from "./photo.js";
import { go, href } from "./route.js";

// decided says what was, and for whom, as long as they are there.
function decided(r) {
  const who = r.candidates.find((c) => c.chosen)?.subject;
  switch (r.decision) {
    case "candidate": return who ? `it is ${who}` : "one of them, who is gone";
    case "same": return who ? `one person, merged: ${who}` : "one person, merged, who is gone";
    default: return "none of them";
  }
}

export const queue = {
  path: "galleries/:gallery/reviews",
  title: "Review",
  nav: { label: "Review", group: "gallery", order: 50, text: "Answers of several people that wait for your decision." },
  scope: "review",
  lead: "Searches that found several people too close to tell apart.",
  async render(main, params, signal) {
    const path = at`/v1/galleries/${params.gallery}/reviews`;
    const over = params.query.get("status") === "decided";
    const status = over ? "decided" : "waiting";
    const page = await pageOf(path, { query: { status }, items: "reviews", signal });
    const choice = segmented({
      label: "Which", value: status, options: [{ value: "waiting", text: "Waiting" }, { value: "decided", text: "Decided" }],
      onchange: (to) => go(href(this.path, params, { status: to })),
    });
    const list = el("div");
    fill(main, choice, list, curl("GET", path, { query: { status } }));
    if (page.rows.length === 0) {
      empty(list, over
        ? { heading: "Nothing was decided", text: "What was decided is shown until its time is over.", icon: "check" }
        : { heading: "Nothing waits", text: "Answers wait here where the gallery's policy says for how long. It says 0 days until you change it.", icon: "check",
          action: may("galleries") ? link("Open the policy", href("galleries/:gallery/policy", params), { kind: "primary" }) : null });
      return;
    }
    list.append(table({
      caption: "Answers of several people",
      columns: [
        { name: "When", of: (r) => el("a", { href: href(one.path, { ...params, review: r.id }) }, when(r.at)) },
        { name: "Candidates", of: (r) => r.candidates.map((c) => c.subject).join(", ") || "all gone" },
        { name: "Best", align: "end", of: (r) => (r.candidates.length ? number(r.candidates[0].score, { maximumFractionDigits: 0 }) : "–") },
        { name: "Photo", narrow: false, of: (r) => (r.has_photo ? "kept" : "not kept") },
        over ? { name: "Decided", of: (r) => badge(decided(r)) } : { name: "Waits until", of: (r) => when(r.ends_at, { relative: true }) },
      ],
      rows: page.rows, more: page.more,
    }));
  },
};

export const one = {
  path: "galleries/:gallery/reviews/:review",
  title: "Who is it?",
  scope: "review",
  crumbs: (params) => [{ text: params.gallery, href: href("galleries/:gallery", params) }, { text: "Review", href: href("galleries/:gallery/reviews", params) }],
  async render(main, params, signal) {
    const path = at`/v1/galleries/${params.gallery}/reviews/${params.review}`;
    const r = await call("GET", path, { signal });
    const probe = el("div");
    fill(main,
      r.decision && note(el("span", null, `Decided: ${decided(r)}, `, when(r.decided_at), r.decided_by ? ` by key ${r.decided_by}` : "", "."), "good"),
      facts([
        ["Searched", when(r.at)], ["By key", r.asked_by || "–"], ["Request", r.request_id ? el("code", null, r.request_id) : "–"],
        ["Threshold", `${number(r.threshold, { maximumFractionDigits: 3 })} of ${plural(r.faces, "face")}`], ["Kept until", when(r.ends_at)],
      ]),
      probe,
      section("Candidates", r.candidates.length ? candidates(r, params, path, signal) : el("p", { class: "soft" }, "All of them are gone.")),
      !r.decision && section("Decide", actions(
        button("None of them", { icon: "cross", onclick: () => decide(path, params, { decision: "none" }, signal) }),
        r.candidates.length > 1 && may("enrol", "delete") && button("They are one person…", { icon: "merge", onclick: () => same(r, path, params, signal) }))),
      curl("POST", `${path}/decision`, { json: { decision: "none" } }));
    if (r.has_photo) {
      const photo = await call("GET", `${path}/photo`, { signal, raw: true });
      const blob = await photo.blob();
      fill(probe, section("Who was searched", await drawn(blob, [{ box: r.box, label: "who?" }], { rotation: r.rotation, alt: "The photo that was searched", max: 420 })));
    } else if (!r.decision) {
      fill(probe, note("The photo was not kept, as the gallery's policy says. What you know else of this search has to tell."));
    }
  },
};

function candidates(r, params, path, signal) {
  return [
    scale({
      label: "How alike they are", from: Math.max(-1, r.threshold - 0.2), to: 1,
      marks: [{ at: r.threshold, label: "threshold", kind: "threshold" }, ...r.candidates.slice(0, 5).map((c) => ({ at: c.cosine, label: c.subject, kind: "score" }))],
    }),
    cards(r.candidates.map((c) => card({ heading: c.subject, href: href("galleries/:gallery/subjects/:subject", { gallery: params.gallery, subject: c.subject }), tone: c.chosen ? "good" : "" },
      may("read") && thumb(c.face && at`/v1/galleries/${params.gallery}/subjects/${c.subject}/faces/${c.face}/photo`, { alt: `Photo of ${c.subject}`, size: 96, signal }),
      facts([["Score", number(c.score, { maximumFractionDigits: 0 })], ["Cosine", number(c.cosine, { maximumFractionDigits: 3 })]]),
      c.chosen && badge("chosen", "good"),
      !r.decision && actions(button(`It is ${c.subject}`, { icon: "check", onclick: () => decide(path, params, { decision: "candidate", subject: c.subject }, signal) }))))),
  ];
}

async function decide(path, params, decision, signal) {
  await call("POST", `${path}/decision`, { json: decision, signal });
  toast("Your decision is written down.", { tone: "good" });
  go(href("galleries/:gallery/reviews", params));
}

async function same(r, path, params, signal) {
  const [into, ...others] = r.candidates.map((c) => c.subject);
  if (!(await confirm({ heading: "One person?", text: `All photos of ${others.join(" and ")} become photos of ${into}, who stays.`, yes: "Merge", danger: true }))) return;
  await decide(path, params, { decision: "same", subject: into, others }, signal);
}
