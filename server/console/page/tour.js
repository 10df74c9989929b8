// The tour: two people are enrolled, one is found again, and a stranger is nobody.

import { at, call, may } from "./api.js";
import { el, fill, button, confirm, curl, empty, link, note, number, percent, toast, say } from "./view.js";
import { drawn } from "./photo.js";
import { scale } from "./plot.js";
import { href, go } from "./route.js";

const gallery = "demo";
const people = [{ id: "barack-obama", name: "Barack Obama", photo: "obama.jpg" }, { id: "joe-biden", name: "Joe Biden", photo: "biden.jpg" }];
const again = "obama2.jpg", stranger = "astronaut.png";

export const page = {
  path: "tour",
  title: "A tour in three steps",
  scope: ["galleries", "enrol", "search"],
  lead: "Each step is a call to this very server, and is shown as a command, too.",
  async render(main, params, signal) {
    const { photos } = await call("GET", "/console/demo", { signal });
    if (![...people.map((p) => p.photo), again, stranger].every((name) => photos.includes(name))) {
      return empty(main, {
        heading: "The photos of the tour are not on this machine", icon: "photo",
        text: ["On the server, ", el("code", null, "oneton setup --with photos"), " fetches them (4 MB). Or begin with photos of your own: make a gallery, enrol somebody, and search."],
        action: link("To the overview", "#/", { kind: "primary" }),
      });
    }
    const blobs = {};
    await Promise.all(photos.map(async (name) => {
      const response = await call("GET", at`/console/demo/${name}`, { raw: true, signal });
      blobs[name] = new File([await response.blob()], name);
    }));
    const steps = [enrolling, finding, nobody].map((step) => step({ blobs, signal, done: (i) => next(i + 1) }));
    fill(main, el("ol", { class: "steps" }, steps.map((s) => s.node)));
    function next(i) {
      if (i >= steps.length) return;
      steps[i].open();
    }
    steps[0].open();
  },
};

// step is one of the tour: what it does, a button that does it, and what came of it.
function step({ at: index, heading, text, shows, does, run }) {
  const outcome = el("div", { class: "outcome" });
  const act = button(does, {
    kind: "primary", disabled: true,
    onclick: async () => {
      await run(outcome);
      act.remove();
      node.classList.add("done");
      node.querySelector("h2").focus();
    },
  });
  const node = el("li", { class: "surface" }, el("h2", { tabindex: "-1" }, heading), el("p", { class: "soft" }, text), shows, act, outcome);
  return { node, index, open() { act.disabled = false; node.classList.add("open"); } };
}

const pictures = (...all) => el("div", { class: "pictures" }, all);
const picture = (blob, text) => {
  const url = URL.createObjectURL(blob);
  return el("figure", null, el("img", { src: url, alt: "", onload: () => URL.revokeObjectURL(url) }), el("figcaption", null, text));
};

function formOf(photo, fields = {}) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append("photo", photo, photo.name);
  return body;
}

function enrolling({ blobs, signal, done }) {
  const path = at`/v1/galleries/${gallery}/subjects`;
  const of = (p) => formOf(blobs[p.photo], { id: p.id, metadata: JSON.stringify({ name: p.name }) });
  return step({
    at: 0, heading: "Enrol two people", does: "Enrol both",
    text: "The gallery demo is made, and each of the two is enrolled from one photo.",
    shows: [pictures(people.map((p) => picture(blobs[p.photo], p.name))), curl("POST", path, { form: of(people[0]) })],
    async run(outcome) {
      try {
        await call("POST", "/v1/galleries", { json: { name: gallery, policy: { fpir: 0.001, keep_photos: true } }, signal });
      } catch (problem) {
        if (problem.code !== "already_exists") throw problem;
      }
      for (const p of people) {
        try {
          await call("POST", path, { form: of(p), signal });
        } catch (problem) {
          if (problem.code !== "already_exists") throw problem;
        }
      }
      fill(outcome, note("Both are enrolled. What was stored of each is a template of their face, and the photo, since this gallery keeps photos.", "good"));
      say("Both are enrolled.");
      done(0);
    },
  });
}

function searching({ index, heading, text, does, name, caption, blobs, signal, words, done }) {
  const path = at`/v1/galleries/${gallery}/search`;
  return step({
    at: index, heading, text, does,
    shows: [pictures(picture(blobs[name], caption)), curl("POST", path, { form: formOf(blobs[name]) })],
    async run(outcome) {
      const answer = await call("POST", path, { form: formOf(blobs[name]), signal });
      const best = answer.candidates[0];
      const sentence = words(answer);
      fill(outcome,
        el("p", { class: "verdict" }, sentence),
        await drawn(blobs[name], [{ ...answer.probe, label: best ? best.metadata.name ?? best.subject : "nobody", tone: best ? "good" : "" }], { alt: caption, max: 640 }),
        scale({
          label: "How alike the faces are", from: 0, to: 1,
          marks: [
            { at: answer.threshold, label: "threshold", kind: "threshold" },
            ...(best ? [{ at: best.cosine, label: best.metadata.name ?? best.subject, kind: "score", tone: "good" }] : []),
          ],
          text: best ? `The cosine is ${number(best.cosine, { maximumFractionDigits: 3 })}, the threshold ${number(answer.threshold, { maximumFractionDigits: 3 })}.` : `Nobody reaches the threshold of ${number(answer.threshold, { maximumFractionDigits: 3 })}.`,
        }),
        el("p", { class: "soft" }, `Below the threshold a face is a stranger's. It follows from the rate that was asked for, ${percent(0.001)} wrong names, and from how many faces are enrolled.`));
      say(sentence);
      done(index);
    },
  });
}

function finding(of) {
  return searching({
    ...of, index: 1, heading: "Find one of them again", does: "Who is this?", name: again, caption: "Another photo",
    text: "Another photo of one of the two, taken at another time. Who is it?",
    words: (a) => (a.match === "one" ? `One person: ${a.candidates[0].metadata.name ?? a.candidates[0].subject}.` : `The answer is ${a.match}.`),
  });
}

function nobody(of) {
  const end = el("div");
  const s = searching({
    ...of, index: 2, heading: "Meet a stranger", does: "And this?", name: stranger, caption: "Somebody who is not enrolled",
    text: "Someone who was never enrolled. The right answer is that it is nobody.",
    words: (a) => (a.match === "nobody" ? "Nobody that is enrolled." : `The answer is ${a.match}.`),
    done: () => {
      fill(end, el("p", { class: "verdict" }, "That was the tour."), el("div", { class: "actions" },
        link("Now with your own photo", href("galleries/:gallery", { gallery }), { kind: "primary", icon: "camera" }),
        may("galleries") && button("Delete the demo", { icon: "trash", kind: "quiet", onclick: remove })));
    },
  });
  s.node.append(end);
  return s;
}

async function remove() {
  const sure = await confirm({ heading: "Delete the gallery demo?", text: "The two people and their photos are erased.", yes: "Delete it", danger: true });
  if (!sure) return;
  await call("DELETE", at`/v1/galleries/${gallery}`);
  toast("The demo is deleted.");
  go("#/");
}
