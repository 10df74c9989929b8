// Plots: a scale with marks, lines over axes, bars. Each says in words what it shows, and
// lines tell their numbers in a table.

import { el, fill, named, svg } from "./element.js";
import { number } from "./words.js";

// scale is a line from one number to another with marks on it.
export function scale({ label, from = -1, to = 1, marks = [], format = (x) => number(x, { maximumFractionDigits: 3 }), text = "", ticks = 5 }) {
  const node = el("figure", { class: "scale" });
  node.update = (marks, words = text) => {
    const place = (x) => Math.min(1, Math.max(0, (x - from) / (to - from)));
    // Labels of marks that are near each other stand in rows.
    const rows = [];
    const sorted = [...marks].sort((a, b) => a.at - b.at).map((mark) => {
      const at = place(mark.at);
      let row = rows.findIndex((end) => at - end > 0.17);
      if (row < 0) row = rows.length;
      rows[row] = at;
      return { ...mark, place: at, row };
    });
    const threshold = sorted.find((m) => m.kind === "threshold");
    fill(node,
      el("figcaption", { class: "unseen" }, `${label}. ${words || sorted.map((m) => `${m.label}: ${format(m.at)}`).join("; ")}`),
      el("div", { class: "track", "aria-hidden": "true", vars: { "--rows": Math.max(rows.length, 1), "--from": threshold ? threshold.place : 1 } },
        el("div", { class: "bar" }),
        sorted.map((m) => el("div", { class: `mark ${m.kind ?? "mark"} ${m.tone ?? ""} ${m.place > 0.8 ? "left" : m.place < 0.2 ? "right" : ""}`, vars: { "--at": m.place, "--row": m.row } },
          el("span", null, m.label)))),
      el("div", { class: "ticks", "aria-hidden": "true" }, Array.from({ length: ticks }, (_, i) => el("span", null, format(from + ((to - from) * i) / (ticks - 1))))));
    return node;
  };
  return node.update(marks);
}

const margin = { top: 12, right: 16, bottom: 44, left: 60 };

// lines draws series over axes, which may be logarithmic; update changes what is drawn in
// the place that it has.
export function lines({ label, x, y, series = [], marks = [], text = "", height = 280 }) {
  const node = el("figure", { class: "plot", vars: { "--height": `${height}px` } });
  const canvas = el("div", { class: "lines" });
  const caption = el("figcaption", { class: "unseen" });
  const key = el("ul", { class: "key", "aria-hidden": "true" });
  const rows = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${label}: numbers` });
  node.append(caption, canvas, key, el("details", { class: "numbers" }, el("summary", null, "As a table"), rows));
  let now = { series, marks, text };
  const format = (axis) => axis.format ?? ((v) => number(v, { maximumSignificantDigits: 3 }));

  function draw() {
    const width = canvas.clientWidth;
    if (!width) return;
    const points = now.series.flatMap((s) => s.points);
    const range = (axis, i) => {
      const of = points.map((p) => p[i]).filter((v) => Number.isFinite(v) && (!axis.log || v > 0));
      const from = axis.from ?? (of.length ? Math.min(...of) : axis.log ? 1 : 0);
      const to = axis.to ?? (of.length ? Math.max(...of) : axis.log ? 10 : 1);
      return to > from ? [from, to] : [from, from + (axis.log ? from * 9 : 1)];
    };
    const project = (axis, [from, to], start, end) => (v) => {
      const share = axis.log ? Math.log(Math.max(v, from) / from) / Math.log(to / from) : (v - from) / (to - from);
      return start + Math.min(1, Math.max(0, share)) * (end - start);
    };
    const [xs, ys] = [range(x, 0), range(y, 1)];
    const px = project(x, xs, margin.left, width - margin.right);
    const py = project(y, ys, height - margin.bottom, margin.top);
    const drawing = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    const text = (at, top, words, anchor, of = "") => svg("text", { x: at, y: top, "text-anchor": anchor, class: of }, words);
    for (const v of ticksOf(y, ys, Math.max(3, Math.floor(height / 60)))) {
      drawing.append(svg("line", { class: "grid", x1: margin.left, x2: width - margin.right, y1: py(v), y2: py(v) }), text(margin.left - 8, py(v) + 4, format(y)(v), "end"));
    }
    for (const v of ticksOf(x, xs, Math.max(2, Math.floor(width / 100)))) {
      drawing.append(svg("line", { class: "grid", x1: px(v), x2: px(v), y1: margin.top, y2: height - margin.bottom }), text(px(v), height - margin.bottom + 18, format(x)(v), "middle"));
    }
    drawing.append(
      text((margin.left + width - margin.right) / 2, height - 6, x.label ?? "", "middle", "axis"),
      svg("text", { x: -(margin.top + height - margin.bottom) / 2, y: 13, "text-anchor": "middle", class: "axis", transform: "rotate(-90)" }, y.label ?? ""));
    for (const mark of now.marks) {
      const across = mark.y !== undefined;
      const at = across ? py(mark.y) : px(mark.x);
      drawing.append(svg("line", across ? { class: "rule", x1: margin.left, x2: width - margin.right, y1: at, y2: at } : { class: "rule", x1: at, x2: at, y1: margin.top, y2: height - margin.bottom }),
        across ? text(width - margin.right - 4, at - 5, mark.label, "end", "rule") : text(at + (at > width * 0.7 ? -5 : 5), margin.top + 10, mark.label, at > width * 0.7 ? "end" : "start", "rule"));
    }
    now.series.forEach((s, i) => {
      const path = s.points.filter((p) => p.every(Number.isFinite)).map(([a, b], j) => `${j ? "L" : "M"}${px(a).toFixed(1)} ${py(b).toFixed(1)}`).join("");
      if (path) drawing.append(svg("path", { d: path, class: `line ${s.tone ?? `tone-${i % 4}`} ${s.dash ? "dash" : ""}` }));
    });
    fill(canvas, drawing);
  }

  node.update = (of) => {
    now = { ...now, ...of };
    fill(caption, `${label}. ${now.text}`);
    fill(key, now.series.map((s, i) => el("li", { class: `${s.tone ?? `tone-${i % 4}`} ${s.dash ? "dash" : ""}` }, s.name)));
    const at = [...new Set(now.series.flatMap((s) => s.points.map((p) => p[0])))].sort((a, b) => a - b);
    const few = at.length > 40 ? at.filter((_, i) => i % Math.ceil(at.length / 40) === 0) : at;
    fill(rows, el("table", null, el("caption", { class: "unseen" }, label),
      el("thead", null, el("tr", null, el("th", { scope: "col" }, x.label ?? ""), now.series.map((s) => el("th", { scope: "col", class: "end" }, s.name)))),
      el("tbody", null, few.map((v) => el("tr", null, el("th", { scope: "row" }, format(x)(v)),
        now.series.map((s) => {
          const p = s.points.find((p) => p[0] === v);
          return el("td", { class: "end" }, p ? format(y)(p[1]) : "–");
        }))))));
    draw();
    return node;
  };
  new ResizeObserver(() => draw()).observe(canvas);
  return node.update({});
}

// ticksOf are round numbers of an axis.
function ticksOf(axis, [from, to], about) {
  if (axis.log) {
    const first = Math.ceil(Math.log10(from) - 1e-9), last = Math.floor(Math.log10(to) + 1e-9);
    const step = Math.max(1, Math.ceil((last - first + 1) / about));
    const powers = [];
    for (let power = first; power <= last; power += step) powers.push(10 ** power);
    return powers.length ? powers : [from, to];
  }
  const raw = (to - from) / about, size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((m) => m * size >= raw) * size;
  const ticks = [];
  for (let v = Math.ceil(from / step - 1e-9) * step; v <= to + step * 1e-9; v += step) ticks.push(Math.abs(v) < step * 1e-9 ? 0 : v);
  return ticks;
}

// bars are values beside each other, as a list.
export function bars({ label, items, format = (v) => number(v, { maximumSignificantDigits: 3 }) }) {
  const id = named("bars");
  const most = Math.max(...items.map((i) => i.value), Number.MIN_VALUE);
  return el("div", { class: "bars" }, el("h3", { id }, label), el("ul", { "aria-labelledby": id }, items.map((i) =>
    el("li", { vars: { "--share": Math.max(0, i.value) / most } }, el("span", { class: "name" }, i.name), el("span", { class: `bar ${i.tone ?? ""}`, "aria-hidden": "true" }), el("span", { class: "value" }, i.text ?? format(i.value))))));
}
