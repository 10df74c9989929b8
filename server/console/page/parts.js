// Small parts of pages.

import { el, named } from "./element.js";
import { icon } from "./icon.js";
import { toast } from "./live.js";

// button does what is to be done once at a time; what comes of it badly is shown.
export function button(text, { onclick, kind, icon: of, type = "button", disabled, title, label, class: more = "" } = {}) {
  const node = el("button", { type, class: [kind, more].filter(Boolean).join(" ") || null, disabled, title, "aria-label": label }, of && icon(of), text && el("span", null, text));
  if (onclick) {
    node.addEventListener("click", async (event) => {
      if (node.getAttribute("aria-busy") === "true") return;
      node.setAttribute("aria-busy", "true");
      try {
        await onclick(event);
      } catch (problem) {
        if (problem?.name !== "AbortError") toast(problem.message, { tone: "bad" });
      } finally {
        node.removeAttribute("aria-busy");
      }
    });
  }
  return node;
}

// link leads to another page; a kind makes it look as a button.
export function link(text, href, { kind, icon: of, label, current } = {}) {
  const away = /^https?:/.test(href);
  return el("a", {
    href, class: kind ? `button ${kind}` : null, "aria-label": label, "aria-current": current ? "page" : null,
    ...(away && { rel: "noreferrer noopener", target: "_blank" }),
  }, of && icon(of), el("span", null, text));
}

export const actions = (...children) => el("div", { class: "actions" }, ...children);

export const badge = (text, tone = "") => el("span", { class: `badge ${tone}` }, text);

const signs = { info: "info", good: "check", warn: "warn", bad: "warn" };

// note tells something that the reader should not miss.
export function note(text, tone = "info") {
  return el("div", { class: `note ${tone}` }, icon(signs[tone] ?? "info"), el("div", null, text));
}

// card is one thing of several.
export function card({ heading, text, href, actions: does, tone = "", icon: of } = {}, ...children) {
  return el("article", { class: `card ${tone}` },
    heading && el("h3", null, of && icon(of), href ? el("a", { href }, heading) : heading),
    text && el("p", { class: "soft" }, text), ...children, does && actions(...does));
}

export const cards = (...children) => el("div", { class: "cards" }, ...children);

// facts are names with values.
export function facts(pairs) {
  return el("dl", { class: "facts" }, pairs.filter(Boolean).map(([name, value]) =>
    el("div", null, el("dt", null, name), el("dd", null, value ?? "–"))));
}

// section is a part of a page under a heading.
export function section(heading, ...children) {
  const id = named("part");
  return el("section", { "aria-labelledby": id }, el("h2", { id }, heading), ...children);
}

export const figure = (node, caption) => el("figure", null, node, caption && el("figcaption", null, caption));

// progress shows how much is done; without a value that is not known.
export function progress({ label, value = null, max = 1 }) {
  const bar = el("progress", { max, "aria-label": label });
  if (value !== null) bar.value = value;
  return bar;
}
