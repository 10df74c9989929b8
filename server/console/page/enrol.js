// Enrol: photos of one person, what is wrong with each, whom they resemble, and then
// the person.
import { at, call, may } from "./api.js";
import { cosine, keptPhoto, listed, livenessBadge, nameOf, personLink, qualityVerdict, rarity } from "./answers.js";
import { drawn, picker } from "./photo.js";
import { href } from "./route.js";
import { actions, button, curl, el, field, fill, form, link, loading, note, number, say, section } from "./view.js";

const most = 16;

// A photo that another page hands over, to be the first one here.
let handed = null;
export function hand(blob) { handed = blob; }

export const page = {
  path: "galleries/:gallery/enrol",
  title: () => "Enrol a person",
  nav: { label: "Enrol", group: "gallery", order: 30, text: "Add somebody, from one photo or several." },
  scope: "enrol",
  lead: (params) => `Photos of one person, and who it is: whoever is enrolled in ${params.gallery} is found from then on.`,

  async render(main, params, signal) {
    const name = params.gallery;
    const pack = may("galleries") ? (await call("GET", at`/v1/galleries/${name}`, { signal })).pack : "";
    const shots = [];
    const list = el("ol", { class: "shots" });
    const alike = el("div", { class: "alike surface" });
    const pick = picker({
      label: "Photos", multiple: true, onPhoto: (blob) => add(blob),
      hint: `One photo, or up to ${most} of the same person: two or three good, different ones are found more often.`,
    });
    const command = curl("POST", at`/v1/galleries/${name}/subjects`, {});
    const fields = {
      id: field({ label: "Id", name: "id", type: "text", hint: "Yours, such as a personnel number. Empty makes one.", autocomplete: "off" }),
      name: field({ label: "Name", name: "name", type: "text", hint: "Told to whoever finds this person.", autocomplete: "off" }),
      more: field({ label: "More about this person", name: "more", type: "textarea", rows: 3, placeholder: "floor: 3\nteam: blue", hint: "A line each: what, a colon, and the value. Searches can filter by it." }),
      consent: field({
        label: "This person agreed to be enrolled, or there is another lawful basis", name: "consent", type: "checkbox", required: true,
        hint: "Kept with the person as “consent”, with today's date.",
      }),
    };
    const person = form({ fields: Object.values(fields), submit: "Enrol", onsubmit: enrol });
    person.addEventListener("input", shown);
    fill(main, pick, list, alike, section("Who is it?", person), command);
    const first = handed;
    handed = null;
    if (first) await add(first);

    async function add(blob) {
      if (shots.length === most) {
        say(`No more than ${most} photos.`);
        return;
      }
      const shot = { blob, item: el("li", { class: "shot" }), ok: false, found: [] };
      shots.push(shot);
      list.append(shot.item);
      loading(shot.item, 2);
      pick.busy(true);
      try {
        await check(shot);
      } finally {
        pick.busy(false);
      }
      await told();
    }

    // check asks what an enrolment of the photo would say, and whom it resembles.
    async function check(shot) {
      const remove = button("Leave out", { kind: "quiet", icon: "trash", onclick: () => drop(shot) });
      let found;
      try {
        [, found] = await Promise.all([
          call("POST", at`/v1/galleries/${name}/subjects/${`check-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`}/faces`, {
            form: formOf({ create: "true", dry_run: "true" }, [shot.blob]), signal,
          }),
          seen(shot.blob),
        ]);
      } catch (problem) {
        if (problem.name === "AbortError" || !problem.status || problem.status === 401 || problem.status === 403) throw problem;
        const why = problem.detail || problem.title;
        fill(shot.item, await drawn(shot.blob, [], { alt: "A photo that cannot be enrolled", max: 640 }), el("div", null, note(why, "bad"), actions(remove)));
        say(why);
        return;
      }
      shot.ok = true;
      shot.found = found?.candidates ?? [];
      const first = shots.find((s) => s.ok);
      const other = first !== shot && may("verify") ?
        await call("POST", "/v1/verify", { form: formOf({ pack }, { photo: shot.blob, reference: first.blob }), signal }) : null;
      const face = found?.probe ?? found?.faces[0];
      fill(shot.item,
        await drawn(shot.blob, face ? [{ box: face.box, landmarks: face.landmarks, rotation: face.rotation, tone: face.quality.reasons ? "warn" : "good" }] : [], {
          alt: "A photo to enrol", max: 640,
        }),
        el("div", null,
          face ? qualityVerdict(face.quality) : note("This photo can be enrolled.", "good"),
          livenessBadge(face?.liveness),
          other && !other.match ? note(`This seems to be somebody else than on the first photo (cosine ${cosine(other.cosine)}).`, "bad") : null,
          actions(remove)));
    }

    // seen is the face of a photo, with whom it resembles, as far as the key may ask.
    function seen(blob) {
      if (may("search")) return call("POST", at`/v1/galleries/${name}/search`, { form: formOf({ k: "3" }, [blob]), signal });
      return may("detect") ? call("POST", "/v1/detect", { form: formOf({ pack }, [blob]), signal }) : null;
    }

    function drop(shot) {
      shots.splice(shots.indexOf(shot), 1);
      shot.item.remove();
      told();
      say("The photo is left out.");
    }

    // told says whom the photos resemble.
    async function told() {
      const best = new Map();
      for (const c of shots.flatMap((s) => s.found)) {
        if (!(best.get(c.subject)?.cosine >= c.cosine)) best.set(c.subject, c);
      }
      const all = [...best.values()].sort((a, b) => b.cosine - a.cosine);
      const photos = await Promise.all(all.map((c) => keptPhoto(name, c, { signal, alt: `A photo of ${nameOf(c)}` })));
      fill(alike, all.length === 0 ? null : section(
        `This may be ${listed(all.map(nameOf), "or")} already`,
        note("Enrolled again, one person has two ids, and searches answer “several”.", "warn"),
        el("ul", { class: "candidates" }, all.map((c, i) => el("li", { class: "candidate" },
          photos[i],
          el("div", null,
            el("h3", null, personLink(name, c.subject, nameOf(c))),
            el("p", null, `Cosine ${cosine(c.cosine)}: ${rarity(c.score)}.`),
            actions(button(`Add the photos to ${nameOf(c)}`, { icon: "add", onclick: () => addTo(c) }))))))));
      if (all.length > 0) say(`This may be ${listed(all.map(nameOf), "or")} already.`);
      shown();
    }

    function shown() {
      command.show("POST", at`/v1/galleries/${name}/subjects`, { form: request() });
    }

    function request() {
      const texts = { metadata: JSON.stringify(metadata()) };
      if (fields.id.value) texts.id = fields.id.value;
      return formOf(texts, shots.filter((s) => s.ok).map((s) => s.blob));
    }

    function metadata() {
      const all = {};
      if (fields.name.value) all.name = fields.name.value;
      for (const line of fields.more.value.split("\n").filter((l) => l.trim())) {
        const [key, ...value] = line.split(":");
        all[key.trim()] = value.join(":").trim();
      }
      if (fields.consent.value) all.consent = new Date().toISOString().slice(0, 10);
      return all;
    }

    // ready tells whether there are photos to enrol, and says so if not.
    function ready() {
      if (shots.some((s) => s.ok)) return true;
      throw new Error(shots.length === 0 ? "Add a photo first." : "None of the photos can be enrolled: add another one.");
    }

    async function enrol() {
      ready();
      const wrong = fields.more.value.split("\n").some((l) => l.trim() && !/^[^:]*[^:\s][^:]*:/.test(l));
      fields.more.fail(wrong ? "Each line needs a colon." : "");
      if (wrong) {
        fields.more.input.focus();
        return;
      }
      const e = await call("POST", at`/v1/galleries/${name}/subjects`, { form: request(), signal });
      done(e.subject, e.faces.length, "is enrolled");
    }

    async function addTo(c) {
      ready();
      const e = await call("POST", at`/v1/galleries/${name}/subjects/${c.subject}/faces`, {
        form: formOf({ once: "true" }, shots.filter((s) => s.ok).map((s) => s.blob)), signal,
      });
      done(e.subject, e.faces.length, e.faces.length === 0 ? "had these photos already, and nothing was added," : "has more photos now");
    }

    function done(subject, added, what) {
      const who = subject.metadata.name || subject.id;
      const text = `${who} ${what}${added > 0 ? `, with ${number(added)} ${added === 1 ? "photo" : "photos"} more` : ""}.`.replace(",.", ".");
      fill(main,
        note(text, "good"),
        actions(
          personLink(name, subject.id, `See ${who}`),
          link("Who is this?", href("galleries/:gallery/who", { gallery: name }), { kind: "quiet", icon: "search" }),
          button("Enrol another person", { kind: "primary", icon: "add", onclick: () => page.render(main, params, signal) })));
      main.querySelector("a")?.focus();
      say(text);
    }
  },
};

function formOf(texts, photos) {
  const f = new FormData();
  for (const [key, value] of Object.entries(texts)) if (value) f.append(key, value);
  if (Array.isArray(photos)) {
    photos.forEach((blob) => f.append("photo", blob, "photo"));
  } else {
    for (const [key, blob] of Object.entries(photos)) f.append(key, blob, "photo");
  }
  return f;
}
