// What there is: galleries, how many faces they hold, and how the server is.

import { call, may, pageOf } from "./api.js";
import { el, fill, icon, badge, button, curl, empty, field, form, ask, link, number, plural, rate, toast } from "./view.js";
import { href, go } from "./route.js";

export const page = {
  path: "",
  title: "Overview",
  nav: { label: "Overview", group: "server", order: 0 },
  async render(main, params, signal) {
    if (!may("galleries")) return fill(main, withoutGalleries());
    const { rows, more, answer } = await pageOf("/v1/overview", { items: "galleries", signal });
    if (rows.length === 0) {
      const tour = may("enrol", "search");
      return empty(main, {
        heading: "There is nobody here yet", icon: "gallery",
        text: "A gallery is a set of people that are searched together. Take a tour of two minutes on this server, or make a gallery of your own.",
        action: [tour && link("Take the tour", href("tour"), { kind: "primary", icon: "face" }), button("Make a gallery", { kind: tour ? undefined : "primary", icon: "add", onclick: make })],
      });
    }
    const cards = el("div", { class: "cards" }, rows.map(shown));
    const further = el("div", { class: "actions" });
    const offer = (more) => fill(further, more && button("Show more", {
      icon: "more",
      onclick: async () => {
        const page = await more();
        cards.append(...page.rows.map(shown));
        offer(page.more);
      },
    }));
    offer(more);
    fill(main,
      figures(answer, rows, more),
      el("div", { class: "row apart" }, el("h2", { class: "bare" }, "Galleries"),
        el("div", { class: "actions" }, may("enrol", "search") && link("Tour", href("tour"), { kind: "quiet", icon: "face" }), button("Make a gallery", { icon: "add", onclick: make }))),
      cards, further, curl("GET", "/v1/overview"));
  },
};

function figures({ position, packs, last_hour: hour }, galleries, more) {
  const behind = Math.max(0, position.log - position.index);
  const searches = hour.one + hour.several + hour.nobody;
  const faces = galleries.reduce((sum, g) => sum + g.faces, 0);
  const figure = (name, value, text) => el("div", null, el("dt", null, name), el("dd", null, value, el("small", null, text)));
  return el("dl", { class: "figures" },
    figure("Faces", `${number(faces)}${more ? " +" : ""}`, `in ${more ? "the first " : ""}${plural(galleries.length, "gallery", "galleries")}`),
    figure("Searches, last hour", number(searches), searches ? `${number(hour.one)} one, ${number(hour.several)} several, ${number(hour.nobody)} nobody` : "by this server"),
    figure("Enrolments, last hour", number(hour.enrolments), "by this server"),
    figure("Index", behind ? `${number(behind)} behind` : "Up to date", `at ${number(position.index)} of ${number(position.log)} changes`),
    figure("Model packs", number(packs.length), packs.join(", ")));
}

function shown(g) {
  return el("article", { class: "card gallery" },
    el("h3", null, icon("gallery"), el("a", { href: href("galleries/:gallery", { gallery: g.name }) }, g.name), g.damaged && badge("damaged", "bad")),
    el("p", { class: "big" }, number(g.faces), el("span", { class: "soft" }, g.faces === 1 ? " face" : " faces")),
    el("p", { class: "soft small" }, `A stranger gets a wrong name ${rate(g.fpir)} times at most. Pack ${g.pack}.`));
}

function withoutGalleries() {
  const name = field({ label: "Name of the gallery", name: "gallery", required: true, spellcheck: "false" });
  return el("section", null, el("h2", null, "Go to a gallery"),
    el("p", { class: "soft" }, "This key may not list galleries, but may work in one whose name you know."),
    form({ fields: [name], submit: "Open", onsubmit: ({ gallery }) => go(href("galleries/:gallery", { gallery })) }));
}

async function make() {
  const made = await ask({
    heading: "Make a gallery", yes: "Make it",
    fields: [field({ label: "Name", name: "name", required: true, hint: "Letters, digits, dots, dashes and underscores.", spellcheck: "false" })],
    run: (values) => call("POST", "/v1/galleries", { json: { name: values.name } }),
  });
  if (!made) return;
  toast(`The gallery ${made.name} is made.`);
  go(href("galleries/:gallery", { gallery: made.name }));
}
