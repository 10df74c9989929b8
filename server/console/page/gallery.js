// One gallery: what can be done in it.

import { at, call, may } from "./api.js";
import { el, fill, cards, card, facts, rate, when, curl } from "./view.js";
import { href } from "./route.js";
import { pages } from "./pages.js";

export const page = {
  path: "galleries/:gallery",
  title: (params) => params.gallery,
  nav: { label: "About", group: "gallery", order: 0 },
  async render(main, params, signal) {
    const path = at`/v1/galleries/${params.gallery}`;
    const about = may("galleries") ? await call("GET", path, { signal }) : null;
    const within = pages.filter((p) => p.nav?.group === "gallery" && p !== page && (!p.scope || may(p.scope)));
    fill(main,
      about && el("section", null, el("h2", null, "What it is"), facts([
        ["Wrong names", rate(about.policy.fpir)],
        ["Model pack", about.pack],
        ["Poor photos", { off: "taken", report: "taken, with a warning", enforce: "refused" }[about.policy.quality] ?? about.policy.quality],
        ["Photos of photos", { off: "not looked for", report: "told", enforce: "refused" }[about.policy.liveness] ?? about.policy.liveness],
        ["Enrolled photos", about.policy.keep_photos ? "kept" : "not kept"],
        ["Made", when(about.created_at)],
      ])),
      within.length > 0 && cards(within.map((p) => card({ heading: p.nav.label, href: href(p.path, params), text: p.nav.text }))),
      about && curl("GET", path));
  },
};
