// The gallery's policy, with what is expected of it.

import { at, call } from "./api.js";
import { el, fill, curl, facts, field, form, note, number, percent, rate, section, toast } from "./view.js";
import { lines } from "./plot.js";
import { refresh } from "./route.js";

const day = 86400;

export const page = {
  path: "galleries/:gallery/policy",
  title: (params) => `Policy of ${params.gallery}`,
  nav: { label: "Policy", group: "gallery", order: 70, text: "How many strangers may get somebody's name, and what is kept." },
  scope: "galleries",
  lead: "What you decide: how often a stranger may be given somebody's name. What follows: the threshold, and how many known people are missed.",
  async render(main, params, signal) {
    const path = at`/v1/galleries/${params.gallery}`;
    const answer = await call("GET", path, { signal, raw: true });
    const etag = answer.headers.get("ETag");
    const { policy, damaged } = await answer.json();
    const said = el("p", { role: "status" });
    const known = el("div");
    const plots = { threshold: null, misses: null };

    let chosen = policy.fpir;
    const fpir = field({
      label: "Strangers who may get somebody's name", name: "fpir_log", type: "range", min: -5, max: -0.3, step: 0.05, value: Math.log10(policy.fpir),
      hint: "Of people who are not enrolled. Fewer of them means a higher threshold, and more known people who are missed.",
      oninput: (to) => {
        chosen = round(10 ** to);
        told();
        ask();
      },
    });
    const told = () => {
      fpir.input.setAttribute("aria-valuetext", rate(chosen));
      fill(said, el("strong", null, rate(chosen)), ` (${percent(chosen)})`);
    };

    let waiting = 0;
    const ask = () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => expected().catch((problem) => { if (problem.name !== "AbortError") fill(known, note(problem.message, "bad")); }), 120);
    };
    async function expected() {
      const asked = chosen;
      const t = await call("GET", `${path}/thresholds`, { query: { fpir: asked }, signal });
      if (asked === chosen) show(t);
    }
    function show(t) {
      const missed = t.at.fnir === undefined ? "not measured" : percent(t.at.fnir);
      fill(known,
        facts([
          ["Faces enrolled", number(t.enrolled)],
          ["Threshold (cosine)", number(t.at.threshold, { maximumFractionDigits: 3 })],
          ["Score at the threshold", number(t.at.score, { maximumFractionDigits: 0 })],
          ["Known people missed", missed],
        ]),
        t.at.threshold_extrapolated && note("The threshold lies beyond what the calibration's data could show: nobody has seen this rate hold. An evaluation of the gallery, or a calibration on your own photos, tells more.", "warn"),
        t.calibration === "own" && note("Answers follow the calibration that was made of your own photos."));
      const here = { x: Math.max(1, t.enrolled), label: "now" };
      const thresholds = [{ name: "Threshold", points: t.sizes.map((p) => [p.faces, p.threshold]), tone: "tone-0" }];
      const shares = [
        { name: "Strangers answered with somebody (FPIR)", points: t.sizes.map((p) => [p.faces, p.fpir]), tone: "tone-1", dash: true },
        { name: "Known people missed (FNIR)", points: t.sizes.filter((p) => p.fnir !== undefined).map((p) => [p.faces, p.fnir]), tone: "tone-2" },
      ];
      const words = `At ${number(Math.max(1, t.enrolled))} faces the threshold is ${number(t.at.threshold, { maximumFractionDigits: 3 })}; missed: ${missed}.`;
      plots.threshold.update({ series: thresholds, marks: [here], text: words });
      plots.misses.update({ series: shares, marks: [here], text: words });
      command.show("GET", `${path}/thresholds`, { query: { fpir: chosen } });
    }

    const size = { label: "Faces enrolled", log: true, from: 1, to: 1e7, format: (v) => number(v, { notation: "compact" }) };
    plots.threshold = lines({ label: "Threshold over the number of enrolled faces", x: size, y: { label: "Cosine", from: 0, to: 1 }, height: 220 });
    plots.misses = lines({ label: "Wrong names and misses over the number of enrolled faces", x: size, y: { label: "Share", log: true, from: 1e-5, to: 1, format: (v) => percent(v, 1) }, height: 260 });
    const command = curl("GET", `${path}/thresholds`, { query: { fpir: chosen } });

    const quality = field({ label: "Poor photos", name: "quality", type: "select", value: policy.quality, hint: "With a warning, those that cannot be compared at all are still not enrolled.", options: [
      { value: "off", text: "Taken" }, { value: "report", text: "Taken, with a warning" }, { value: "enforce", text: "Refused" }] });
    const liveness = field({ label: "Photos of photos", name: "liveness", type: "select", value: policy.liveness, options: [
      { value: "off", text: "Not looked for" }, { value: "report", text: "Told" }, { value: "enforce", text: "Refused" }] });
    const detail = field({ label: "How closely photos are looked at", name: "detail", type: "select", value: policy.detail, hint: "Part by part finds small faces and leaning heads, too, and takes longer.", options: [
      { value: "fast", text: "The whole photo" }, { value: "full", text: "Part by part, too" }] });
    const photos = field({ label: "Keep enrolled photos", name: "keep_photos", type: "checkbox", value: policy.keep_photos });
    const kept = field({ label: "Days a face is kept", name: "retention_seconds", type: "number", min: 0, max: 36500, step: "any", value: policy.retention_seconds / day,
      hint: "0 is for ever. A shorter time deletes faces that are older within a minute." });
    const reviews = field({ label: "Days an answer of several people waits for your decision", name: "review_seconds", type: "number", min: 0, max: 90, step: "any", value: policy.review_seconds / day,
      hint: "0, the default, keeps none. A queue tells who may have been before a camera: keep it no longer than you need to." });

    const change = () => ({ policy: {
      fpir: chosen, quality: quality.value, liveness: liveness.value, detail: detail.value, keep_photos: photos.value,
      retention_seconds: Math.round(kept.value * day), review_seconds: Math.round(reviews.value * day),
    } });
    const save = curl("PATCH", path, { json: change(), headers: { "If-Match": etag } });
    const editor = form({
      fields: [el("div", null, fpir, said), quality, liveness, detail, photos, kept, reviews],
      submit: "Save the policy",
      async onsubmit() {
        try {
          await call("PATCH", path, { json: change(), headers: { "If-Match": etag }, signal });
        } catch (problem) {
          if (problem.status === 412) problem.detail = "Somebody has changed the policy since you opened this page. Open it anew, and look before you change it.";
          throw problem;
        }
        toast("The policy is saved. The next answer follows it.", { tone: "good" });
        refresh();
      },
    });
    // The fields stand beside each other; the form reads those that have a name of the API.
    for (const f of [quality, liveness, detail, photos, kept, reviews]) f.addEventListener("input", () => save.show("PATCH", path, { json: change(), headers: { "If-Match": etag } }));
    fpir.addEventListener("input", () => save.show("PATCH", path, { json: change(), headers: { "If-Match": etag } }));

    fill(main,
      damaged && note("The policy is damaged in the database; answers follow the stricter of what is left and the default. Saving mends it.", "bad"),
      section("What holds", editor, save),
      section("What to expect", known, plots.threshold, plots.misses,
        el("p", { class: "soft" }, "Misses are those of people enrolled with one good photo, as they were measured when the model was calibrated. Two or three photos of each person miss far fewer."), command));
    told();
    await expected();
  },
};

// round keeps two digits, which is as fine as the slider is.
const round = (x) => Number(x.toPrecision(2));
