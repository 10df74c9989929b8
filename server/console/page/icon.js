// Pictograms, drawn with lines.

import { svg } from "./element.js";

const paths = {
  home: "M4 11 12 4l8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm5 12 5 5",
  add: "M12 5v14M5 12h14",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zm-6 9c0-3.5 2.5-5.5 6-5.5s6 2 6 5.5M16 4.5a3.5 3.5 0 0 1 0 6.5m2 3.5c2 .8 3 2.6 3 5.5",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-7 8c0-4 3-6 7-6s7 2 7 6",
  face: "M4 8V6a2 2 0 0 1 2-2h2M16 4h2a2 2 0 0 1 2 2v2M4 16v2a2 2 0 0 0 2 2h2m8 0h2a2 2 0 0 0 2-2v-2M9.5 9.5v.5m5-.5v.5M9 14.5c1.7 1.6 4.3 1.6 6 0",
  photo: "M4 6a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2zm0 10 5-5 4 4 3-3 4 4M15 8.5v.01",
  camera: "M4 8h3l2-3h6l2 3h3a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1zm8 2a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z",
  upload: "M12 16V5m-4.5 4L12 4.5 16.5 9M5 16v2a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-2",
  check: "m5 12.5 4.5 4.5L19 7.5",
  cross: "M6 6l12 12M18 6 6 18",
  warn: "M12 4 2.5 20h19zm0 6v4.5m0 2.5v.01",
  info: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zm0 7.5v5m0-8v.01",
  key: "M15.5 3.5a5 5 0 1 0 0 10 5 5 0 0 0 0-10zM12 12l-8 8m2-2 2.5 2.5M9 15l2.5 2.5",
  bell: "M6 10a6 6 0 0 1 12 0c0 5 2 6 2 6H4s2-1 2-6m4 9a2 2 0 0 0 4 0",
  job: "M12 3v3m0 12v3M3 12h3m12 0h3M5.6 5.6l2.1 2.1m8.6 8.6 2.1 2.1m0-12.8-2.1 2.1m-8.6 8.6-2.1 2.1",
  card: "M3 7a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zm5 2.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM5.5 17c.3-1.5 1.2-2 2.5-2s2.2.5 2.5 2M14 10h4m-4 4h3",
  copy: "M9 9h10v11H9zM5 15V4h10",
  trash: "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5m4-5v5",
  undo: "M8 5 4 9l4 4M4.5 9H14a5.5 5.5 0 0 1 0 11h-3",
  merge: "M6 4v4c0 4 6 4 6 8v4m6-16v4c0 4-6 4-6 8",
  split: "M12 4v4c0 4-6 4-6 8v4m6-12c0 4 6 4 6 8v4",
  move: "M4 12h15m-5-5 5 5-5 5",
  more: "M6 9l6 6 6-6",
  back: "M15 5l-7 7 7 7",
  out: "M10 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h4m4-12 4 4-4 4m4-4H9",
  gauge: "M4 18a9 9 0 1 1 16 0M12 14l4-5",
  sliders: "M5 4v7m0 4v5m7-16v3m0 4v9m7-16v9m0 4v3M3 13h4m3-4h4m3 6h4",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.7L12 7m2 3a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.7L12 17",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 8v4.5l3 2",
  menu: "M4 7h16M4 12h16M4 17h16",
  terminal: "M5 7l5 5-5 5m7 0h7",
  gallery: "M4 5h7v7H4zm9 0h7v7h-7zM4 14h7v6H4zm9 0h7v6h-7z",
};

// icon is one that says nothing: what it stands beside has words.
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: paths[name] ?? paths.info }));
}
