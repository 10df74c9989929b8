// What a search says, in words and pictures: for the pages that show answers.
import { at, call, may } from "./api.js";
import { crop, thumb } from "./photo.js";
import { scale } from "./plot.js";
import { href } from "./route.js";
import { badge, el, facts, link, note, number, plural, rate } from "./view.js";

const gallery = "galleries/:gallery";

// reasons are what is wrong with a photo, and what to do.
const reasons = {
  too_small: ["The face is too small.", "Come closer, or send the photo at its full size."],
  blurred: ["The face is blurred.", "Hold still, and wipe the lens."],
  too_dark: ["The face is too dark.", "Turn towards the light."],
  too_bright: ["The face is too bright.", "Turn away from the sun or the flash."],
  low_contrast: ["The face has hardly any contrast.", "Change the light, or wipe the lens."],
  turned_away: ["The face is turned away.", "Look into the camera."],
  unclear: ["The face is not clear.", "Is something in front of it, or was the photo made very small? Take another one."],
  not_comparable: ["It cannot be compared.", "In photos this poor strangers look alike, so nobody is looked for."],
};

// reasonText is a reason in words, and what to do about it.
export function reasonText(reason) {
  const [what, advice] = reasons[reason] ?? [reason.replaceAll("_", " "), ""];
  return { what, advice };
}

const checks = {
  real: ["A person before the camera", "good"],
  spoof: ["Looks like a print or a screen", "bad"],
  unknown: ["Not sure whether this is a person before the camera", "warn"],
};

const unsure = {
  uncertain: "it could be either",
  face_small: "the face is too small to tell",
  cut_off: "the photo shows too little around the face",
  no_model: "the server lacks the model",
  failed: "the check gave no answer",
};

// livenessBadge says what the liveness check did, or is null where there was none.
export function livenessBadge(liveness) {
  if (!liveness) return null;
  const [text, tone] = checks[liveness.verdict];
  const why = liveness.reason ? `: ${unsure[liveness.reason] ?? liveness.reason}` : "";
  return badge(text + why, tone);
}

// qualityVerdict says how good a face is: a note with what is wrong and what to do, or
// that nothing is.
export function qualityVerdict(quality) {
  const found = quality.reasons ?? [];
  const score = number(quality.score, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  if (found.length === 0) return note(`Good photo: quality ${score} of 1.`, "good");
  const useless = found.includes("not_comparable");
  const shown = useless && found.length > 1 ? found.filter((reason) => reason !== "not_comparable") : found; // of which the rest is why
  return note(
    el("div", null,
      el("p", null, `${useless ? "Too poor a photo" : "Poor photo"}: quality ${score} of 1.`),
      el("ul", null, shown.map((reason) => {
        const { what, advice } = reasonText(reason);
        return el("li", null, `${what} ${advice}`);
      }))),
    useless ? "bad" : "warn");
}

// nameOf is what a person is called: by a name among the metadata, else by the id.
export function nameOf(person) {
  return person.metadata?.name || person.subject;
}

// rarity says how rare it is that strangers look so alike.
export function rarity(score) {
  if (score >= 100) return "fewer than 1 in 10 billion strangers look this alike";
  if (score < 0.5) return "any two strangers look this alike";
  return `${rate(10 ** (-score / 10))} strangers look this alike`;
}

// thresholdText says what the threshold stands for.
export function thresholdText(answer) {
  const rare = answer.threshold_extrapolated ? " This lies beyond what was measured, and is an estimate." : "";
  return `At the threshold ${cosine(answer.threshold)}, ${rate(answer.fpir)} searches for strangers finds somebody among ${faces(answer.faces)}.${rare}`;
}

export const cosine = (x) => number(x, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
export const faces = (n) => plural(n, "face");

// lost tells whether the face that was searched cannot be compared.
export const lost = (answer) => Boolean(answer.probe?.quality.reasons?.includes("not_comparable"));

// outcome is the answer for a face in a sentence, and its tone.
export function outcome(answer) {
  const names = answer.candidates.map(nameOf);
  switch (answer.match) {
    case "one":
      return { tone: "good", heading: `This is ${names[0]}`, text: sentence(rarity(answer.candidates[0].score)) };
    case "several":
      return {
        tone: "warn", heading: "Too close to tell",
        text: `It could be ${listed(names, "or")}. Take another photo, or ask. Often one person is enrolled twice, or they are twins.`,
      };
    default:
      if (lost(answer)) return { tone: "bad", heading: "This photo cannot be compared", text: "Nobody was looked for: in photos this poor strangers look alike." };
      return {
        tone: "info", heading: "Nobody that this gallery knows",
        text: answer.faces === 0 ? "The gallery is empty." :
          `None of ${faces(answer.faces)} is alike enough.${answer.probe?.quality.reasons ? " The photo is poor: a better one may find somebody." : ""}`,
      };
  }
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

// listed joins names as people do.
export function listed(names, word) {
  return new Intl.ListFormat(undefined, { type: word === "or" ? "disjunction" : "conjunction" }).format(names);
}

// personLink leads to a person's page.
export function personLink(galleryName, subject, text = subject) {
  return link(text, href(`${gallery}/subjects/:subject`, { gallery: galleryName, subject }));
}

// keptPhoto is a face as its kept photo shows it: a sign stands for one of which none was
// kept, and nothing for one that may not be seen.
export async function keptPhoto(galleryName, { subject, face }, { size = 96, signal, alt = "" } = {}) {
  if (!may("read")) return null;
  let kept;
  try {
    const person = await call("GET", at`/v1/galleries/${galleryName}/subjects/${subject}`, { signal });
    kept = person.faces.find((f) => f.id === face);
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
  }
  const path = at`/v1/galleries/${galleryName}/subjects/${subject}/faces/${face}/photo`;
  return kept?.has_photo ? thumb(path, { alt, size, signal, box: kept.box, rotation: kept.rotation }) : thumb(null, { size });
}

// candidates shows who was found beside the face that was searched, with their scores
// on a scale that has the threshold.
export async function candidates(answer, { gallery: name, blob, signal }) {
  const found = answer.candidates;
  const rows = await Promise.all(found.map(async (c) => el("li", { class: "candidate" },
    el("div", { class: "beside" },
      blob ? await crop(blob, answer.probe.box, { size: 96, alt: "The face that was searched", rotation: answer.probe.rotation }) : null,
      await keptPhoto(name, c, { signal, alt: `A photo of ${nameOf(c)}` })),
    el("div", null,
      el("h3", null, personLink(name, c.subject, nameOf(c))),
      facts([
        nameOf(c) === c.subject ? null : ["Id", c.subject],
        ["Cosine", cosine(c.cosine)],
        answer.match === "one" ? null : ["Rarity", rarity(c.score)],
        ...Object.entries(c.metadata).filter(([key]) => key !== "name"),
      ].filter(Boolean))))));
  return el("div", { class: "found" },
    rows.length > 0 ? el("ol", { class: "candidates" }, rows) : null,
    onScale(answer),
    el("p", { class: "soft small" }, thresholdText(answer)));
}

// onScale shows the candidates' cosines beside the threshold.
export function onScale(answer) {
  const found = answer.candidates;
  return scale({
    label: "How alike", from: Math.min(0, answer.threshold, ...found.map((c) => c.cosine)), to: 1, format: cosine,
    marks: [
      { at: answer.threshold, label: "threshold", kind: "threshold" },
      ...found.map((c) => ({ at: c.cosine, label: nameOf(c), kind: "score", tone: "good" })),
    ],
  });
}
