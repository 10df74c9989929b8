// What is shown, said and touched.

const $ = (name) => document.getElementById(name);
const texts = JSON.parse($("texts").content.textContent);

export const has = (name) => name in texts;
export function text(name, values = {}) {
  return (texts[name] ?? "").replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
}

// show changes the page as a whole, and takes whoever reads it there.
export function show(state, { heading, body = "", count = "", first, second, cancel = false, focus = true }) {
  document.body.dataset.state = state;
  $("stage").hidden = state !== "camera";
  $("tips").hidden = $("camera").hidden = state !== "intro";
  $("cancel").hidden = !cancel;
  $("count").textContent = count;
  $("heading").textContent = heading;
  $("text").textContent = body;
  button($("first"), first);
  button($("second"), second);
  arrow("");
  note("");
  if (state !== "camera") hush();
  if (focus) $("heading").focus({ preventScroll: state === "camera" });
  if (state !== "camera") scrollTo(0, 0);
}

function button(element, action) {
  element.hidden = !action;
  element.disabled = false;
  element.textContent = action?.label ?? "";
  element.onclick = action ? () => action.run() : null;
}

// word changes the words under the picture, and says them: at once what must be done,
// and other words not more often than they can be heard.
let spoken = "", waits = 0, due = 0;
const breath = 2500;
export function word(heading, body = "", now = false) {
  if ($("heading").textContent !== heading) $("heading").textContent = heading;
  if ($("text").textContent !== body) $("text").textContent = body;
  const words = body && now ? `${heading}. ${body}` : heading;
  if (words === spoken && !now) return;
  clearTimeout(waits);
  const say = () => {
    spoken = words;
    due = performance.now() + breath;
    $("say").textContent = words;
  };
  const rest = due - performance.now();
  if (now || rest <= 0) say();
  else waits = setTimeout(say, rest);
}

function hush() {
  clearTimeout(waits);
  spoken = "";
  $("say").textContent = "";
}

export function count(text) { $("count").textContent = text; }

// ring shows how much is done, from 0 to 1.
export function ring(share) {
  $("ring").classList.toggle("on", share > 0);
  $("ring").style.strokeDashoffset = String(100 * (1 - share));
}

// arrow points where the head should turn: the picture is a mirror.
export function arrow(side) {
  for (const name of ["left", "right"]) $(name).classList.toggle("on", name === side);
}

const notes = new Map();
// note tells of something beside what goes on, by what it is about; empty ends it.
export function note(about, words = "") {
  if (about === "") notes.clear();
  else if (words) notes.set(about, words);
  else notes.delete(about);
  const all = [...notes.values()].join(" ");
  if ($("note").textContent !== all) $("note").textContent = all;
  $("note").hidden = all === "";
}

// sure asks whether to stop.
export function sure() {
  const dialog = $("sure");
  return new Promise((done) => {
    dialog.returnValue = "";
    $("stay").onclick = () => dialog.close("");
    $("stop").onclick = () => dialog.close("stop");
    // A dialog that was opened anew at once is still told of its former end.
    dialog.onclose = () => { if (!dialog.open) done(dialog.returnValue === "stop"); };
    dialog.showModal();
  });
}

export function settle() {
  if ($("sure").open) $("sure").close("");
}

export function onCancel(run) { $("cancel").onclick = run; }

// choose keeps the rest of the address where another language is chosen.
for (const link of document.querySelectorAll("#languages a")) {
  const query = new URLSearchParams(location.search);
  query.set("lang", link.lang);
  link.search = query;
}
