// Who is this? A photo, and what the gallery says of each face in it.
import { at, call, may } from "./api.js";
import { candidates, faces, livenessBadge, lost, outcome, qualityVerdict } from "./answers.js";
import { hand } from "./enrol.js";
import { drawn, picker } from "./photo.js";
import { href } from "./route.js";
import { curl, el, field, fill, icon, loading, note, say, section, took } from "./view.js";

const path = "galleries/:gallery/who";

// refusals are why a photo was not searched, beyond what the server says.
const refusals = {
  no_face: "No face was found in this photo. Is it upright, and is the face large enough?",
};

export const page = {
  path,
  title: () => "Who is this?",
  nav: { label: "Who is this?", group: "gallery", order: 10, text: "Show a photo, and see whom it shows." },
  scope: "search",
  lead: (params) => `Show a photo, and see whom of ${params.gallery} it shows, if anyone.`,

  render(main, params, signal) {
    const answer = el("div", { class: "answer" });
    const options = howFields();
    let running = null;
    let last = null;
    const pick = picker({
      label: "Photo", hint: "Everybody on the photo is looked for. Nothing is kept.",
      onPhoto: (blob, name) => search(blob, name),
    });
    const command = curl("POST", at`/v1/galleries/${params.gallery}/search`, {});
    command.hidden = true;
    const how = el("details", null, el("summary", null, "How is it searched?"),
      el("div", { class: "fields" }, Object.values(options)));
    for (const f of Object.values(options)) f.input.addEventListener("change", () => last && search(last.blob, last.name));
    fill(main, pick, how, answer, command);
    signal.addEventListener("abort", () => running?.abort());

    async function search(blob, name) {
      running?.abort();
      const mine = new AbortController();
      running = mine;
      last = { blob, name };
      const query = read(options);
      if (!query) return;
      pick.busy(true);
      loading(answer, 3);
      const url = at`/v1/galleries/${params.gallery}/search`;
      const form = new FormData();
      form.append("photo", blob, "photo");
      for (const [key, value] of Object.entries(query)) form.append(key, value);
      command.show("POST", url, { form });
      command.hidden = false;
      const start = performance.now();
      try {
        const found = await call("POST", url, { form, signal: mine.signal });
        await show(answer, found, { gallery: params.gallery, blob, signal, seconds: (performance.now() - start) / 1000 });
      } catch (problem) {
        if (problem.name === "AbortError") return;
        if (!problem.status || problem.status === 401 || problem.status === 403) throw problem;
        const why = refusals[problem.code] ?? (problem.detail || problem.title);
        fill(answer, await drawn(blob, [], { alt: "Your photo" }), note(why, "bad"));
        say(why);
      } finally {
        if (running === mine) pick.busy(false);
      }
    }
  },
};

function howFields() {
  return {
    k: field({ label: "Most candidates", name: "k", type: "number", value: 5, min: 1, max: 100, step: 1 }),
    fpir: field({
      label: "Wanted rate of false finds", name: "fpir", type: "number", min: 0, max: 1, step: "any",
      hint: "Such as 0.001: one search for strangers in a thousand finds somebody. Empty is the gallery's own.",
    }),
    detail: field({
      label: "How closely", name: "detail", type: "select", value: "",
      options: [{ value: "", text: "As the gallery says" }, { value: "fast", text: "Fast" }, { value: "full", text: "Full: also small faces and leaning heads" }],
    }),
  };
}

// read is what is asked beside the photo, or null where a field is wrong.
function read({ k, fpir, detail }) {
  k.fail("");
  fpir.fail("");
  if (!(Number.isInteger(k.value) && k.value >= 1 && k.value <= 100)) {
    k.fail("A whole number from 1 to 100.");
    return null;
  }
  if (fpir.value !== null && !(fpir.value > 0 && fpir.value < 1)) {
    fpir.fail("A number between 0 and 1.");
    return null;
  }
  const query = { all_faces: "true", k: String(k.value) };
  if (fpir.value !== null) query.fpir = String(fpir.value);
  if (detail.value) query.detail = detail.value;
  return query;
}

// show draws the photo, and tells the answer for each face: of several, for the one
// that is chosen.
async function show(into, found, { gallery, blob, signal, seconds }) {
  const answers = found.probes;
  const told = el("div", { class: "surface told" });
  const marked = answers.map((a, i) => ({
    box: a.probe.box, landmarks: a.probe.landmarks, label: shortly(a, i, answers.length), told: outcome(a).heading, tone: outcome(a).tone,
  }));
  const choose = async (i) => {
    picture.choose?.(i);
    fill(told, await tell(answers[i], { gallery, blob, signal, which: answers.length > 1 ? `Face ${i + 1} of ${answers.length}` : "" }));
  };
  const picture = await drawn(blob, marked, {
    alt: answers.length === 1 ? "Your photo, with the face that was searched" : `Your photo, with ${answers.length} faces that were searched`,
    rotation: answers[0].probe.rotation, onchoose: answers.length > 1 ? choose : undefined, chosen: 0,
  });
  fill(into,
    el("div", { class: "split" }, picture, told),
    found.faces_left_out > 0 ? note(`The photo shows ${faces(found.faces_left_out)} more, smaller ones, which were not searched.`, "info") : null,
    el("p", { class: "soft" }, `Answered after ${took(seconds)}.`));
  await choose(0);
  say(answers.map((a) => outcome(a).heading).join(". "));
}

const shortly = (answer, i, of) => {
  if (answer.match === "one") return outcome(answer).heading.replace(/^This is /, "");
  if (of > 1) return String(i + 1); // which faces beside each other have room for
  return lost(answer) ? "too poor" : answer.match;
};

async function tell(answer, { gallery, blob, signal, which }) {
  const { tone, heading, text } = outcome(answer);
  return [
    section(heading,
      which ? el("p", { class: "soft" }, which) : null,
      note(text, tone),
      livenessBadge(answer.probe.liveness),
      lost(answer) || answer.faces === 0 ? null : await candidates(answer, { gallery, blob, signal })),
    qualityVerdict(answer.probe.quality),
    answer.match === "nobody" && !lost(answer) && may("enrol") ? el("p", null, el("a", {
      href: href("galleries/:gallery/enrol", { gallery }), class: "button", onclick: () => { if (!which) hand(blob); },
    }, icon("add"), "Enrol this person")) : null,
  ];
}
