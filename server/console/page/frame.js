// What is around pages: where one can go, where one is, and who one is.

import { may, session } from "./api.js";
import { el, fill } from "./element.js";
import { icon } from "./icon.js";
import { button, link } from "./parts.js";
import { href } from "./route.js";

const signs = { "": "home", keys: "key", webhooks: "bell", imports: "upload", jobs: "job", kyc: "card" };

// frame is the shell; show changes it to a page, and returns where that is drawn.
export function frame({ pages, onSignOut }) {
  const nav = el("nav", { "aria-label": "Server", id: "nav" });
  const within = el("nav", { "aria-label": "Gallery", class: "within" });
  const trail = el("nav", { "aria-label": "Where you are", class: "trail" });
  const heading = el("h1", { tabindex: "-1" });
  const lead = el("p", { class: "lead soft" });
  const body = el("div", { class: "page" });
  const main = el("main", { id: "main", tabindex: "-1" }, trail, heading, lead, within, body);
  const menu = button("Menu", {
    icon: "menu", kind: "quiet", class: "menu",
    onclick: () => opened(menu.getAttribute("aria-expanded") !== "true"),
  });
  menu.setAttribute("aria-expanded", "false");
  menu.setAttribute("aria-controls", "side");
  function opened(yes) {
    menu.setAttribute("aria-expanded", String(yes));
    node.classList.toggle("opened", yes);
  }
  const side = el("aside", { class: "side", id: "side", "aria-label": "Pages and key" }, nav, who(onSignOut));
  const node = el("div", { class: "frame", onkeydown: (event) => { if (event.key === "Escape" && node.classList.contains("opened")) { opened(false); menu.focus(); } } },
    el("a", { class: "skip", href: "#main", onclick: (event) => { event.preventDefault(); main.focus(); main.scrollIntoView(); } }, "Skip to the content"),
    el("header", { class: "top" }, el("a", { class: "brand", href: "#/" }, icon("face"), "oneton"), menu),
    side, main);

  const seen = (page) => page.nav && (!page.scope || may(page.scope));
  const inOrder = (group) => pages.filter((p) => seen(p) && p.nav.group === group).sort((a, b) => (a.nav.order ?? 50) - (b.nav.order ?? 50));

  return {
    node, main: body,
    show({ title, page, params, focus }) {
      opened(false);
      fill(nav, el("ul", null, inOrder("server").map((p) => el("li", null,
        link(p.nav.label, href(p.path), { icon: p.nav.icon ?? signs[p.path] ?? "info", current: p === page || page?.nav?.under === p.path })))));
      const gallery = params.gallery !== undefined && page?.path.startsWith("galleries/:gallery");
      within.hidden = !gallery;
      fill(within, gallery && el("ul", null, inOrder("gallery").map((p) => el("li", null,
        link(p.nav.label, href(p.path, params), { current: p === page || page?.nav?.under === p.path })))));
      crumbs(page, params, title);
      heading.textContent = title;
      const words = typeof page?.lead === "function" ? page.lead(params) : page?.lead;
      lead.hidden = !words;
      fill(lead, words);
      document.title = `${title} · oneton`;
      fill(body);
      scrollTo(0, 0);
      if (focus) heading.focus({ preventScroll: true });
      return body;
    },
  };

  function crumbs(page, params, title) {
    const steps = page?.crumbs ? page.crumbs(params) : params.gallery !== undefined && page?.path !== "galleries/:gallery"
      ? [{ text: params.gallery, href: href("galleries/:gallery", params) }] : [];
    trail.hidden = !page || page.path === "";
    fill(trail, el("ol", null, [{ text: "Overview", href: "#/" }, ...steps].map((s) => el("li", null, el("a", { href: s.href }, s.text))),
      el("li", { "aria-current": "page" }, title)));
  }
}

// who says with which key one is signed in, and lets one leave.
function who(onSignOut) {
  const s = session();
  return el("section", { class: "who", "aria-label": "Your key" },
    el("p", null, icon("key"), el("span", null, el("strong", null, s.key.name || s.key.id), el("br"), el("span", { class: "soft" }, s.tenant))),
    el("div", { class: "actions" },
      button("Sign out", { icon: "out", kind: "quiet", onclick: () => onSignOut() }),
      button("Sign out everywhere", { kind: "quiet", title: "Ends every browser's session that was opened with this key", onclick: () => onSignOut({ everywhere: true }) })));
}
