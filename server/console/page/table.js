// Lists: a table on wide screens, and a card for each row on narrow ones.

import { el, fill } from "./element.js";
import { button } from "./parts.js";
import { say } from "./live.js";
import { number } from "./words.js";

// table shows rows by columns; more, unless it is null, reads further ones.
export function table({ caption, columns, rows = [], more = null, onEmpty, hideCaption = true }) {
  const body = el("tbody");
  const foot = el("div", { class: "foot" });
  let all = [];
  const node = el("div", { class: "table" },
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
      el("table", null,
        el("caption", { class: hideCaption ? "unseen" : null }, caption),
        el("thead", null, el("tr", null, columns.map((c) => el("th", { scope: "col", class: styleOf(c) }, c.name || el("span", { class: "unseen" }, c.label ?? "Actions"))))),
        body)),
    foot);
  function rowOf(row) {
    return el("tr", null, columns.map((c, i) => {
      const value = c.of(row);
      const props = { class: styleOf(c), data: { name: c.name ?? "" } };
      return i === 0 ? el("th", { ...props, scope: "row" }, value ?? "–") : el("td", props, value ?? "–");
    }));
  }
  node.rows = () => all;
  node.add = (rows, first = false) => {
    all = all.concat(rows);
    const made = rows.map(rowOf);
    body.append(...made);
    if (!first && made.length) made[0].querySelector("a, button")?.focus();
    return made;
  };
  node.replace = ({ rows, more = null }) => {
    all = [];
    body.replaceChildren();
    node.add(rows, true);
    next(more);
    node.querySelector(".scroll").hidden = rows.length === 0 && Boolean(onEmpty);
    if (rows.length === 0 && onEmpty) fill(foot, onEmpty());
  };
  function next(more) {
    fill(foot, more && button("Show more", {
      icon: "more",
      onclick: async () => {
        const page = await more();
        next(page.more);
        node.add(page.rows);
        say(`${number(page.rows.length)} more shown, ${number(all.length)} in all.`);
      },
    }));
  }
  node.replace({ rows, more });
  return node;
}

const styleOf = (c) => [c.align === "end" && "end", c.narrow === false && "wide", c.class].filter(Boolean).join(" ") || null;
