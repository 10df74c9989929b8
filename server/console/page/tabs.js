// Tabs, as the ARIA Authoring Practices have them.

import { el, fill, named } from "./element.js";

// tabs shows one part of several; arrows go from one to the next.
export function tabs({ label, tabs: all, chosen = all[0]?.id, onchange }) {
  const id = named("tabs");
  const panel = el("div", { role: "tabpanel", id: `${id}-panel`, tabindex: "0", class: "panel" });
  const buttons = all.map((tab) => el("button", {
    type: "button", role: "tab", id: `${id}-${tab.id}`, "aria-controls": panel.id, onclick: () => choose(tab.id),
  }, tab.text));
  const list = el("div", {
    role: "tablist", "aria-label": label,
    onkeydown: (event) => {
      const at = buttons.indexOf(document.activeElement);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (at < 0 || to === undefined) return;
      event.preventDefault();
      const next = (to + buttons.length) % buttons.length;
      choose(all[next].id);
      buttons[next].focus();
    },
  }, buttons);
  function choose(id, first = false) {
    const at = Math.max(0, all.findIndex((tab) => tab.id === id));
    buttons.forEach((button, i) => {
      button.setAttribute("aria-selected", String(i === at));
      button.tabIndex = i === at ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", buttons[at].id);
    fill(panel);
    all[at].render(panel);
    if (!first) onchange?.(all[at].id);
  }
  choose(chosen, true);
  const node = el("div", { class: "tabs" }, list, panel);
  node.choose = choose;
  return node;
}
