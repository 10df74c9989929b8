// The calls of the page, and where it keeps its binding: in the tab, so that a
// reload goes on and another tab cannot.

export const id = location.pathname.split("/")[2];
const key = `face-session-${id}`;

// Refused is an answer that says no; code is the server's word for why.
export class Refused extends Error {
  constructor(status, answer) {
    super(answer.message || `status ${status}`);
    this.status = status;
    this.code = answer.error || "UNEXPECTED_ERROR";
    this.reason = answer.reason || "";
  }
}

// Offline means that no answer came.
export class Offline extends Error {}

export const kept = {
  get binding() { return read(key); },
  set binding(text) { write(key, text); },
  // returned says that the result was handed over by this tab.
  get returned() { return read(`${key}-returned`) !== ""; },
  set returned(yes) { write(`${key}-returned`, yes ? "1" : ""); },
};

// A browser may forbid storage; the page then goes on until it is reloaded.
const memory = new Map();
function read(name) {
  try { return sessionStorage.getItem(name) ?? ""; } catch { return memory.get(name) ?? ""; }
}
function write(name, text) {
  try { sessionStorage.setItem(name, text); } catch { memory.set(name, text); }
}

async function post(path, body, headers, patience = 30_000) {
  let answer, status;
  try {
    const response = await fetch(`/session/${encodeURIComponent(id)}/${path}`, {
      method: "POST", body, headers: { "Capture-Binding": kept.binding || "none", ...headers },
      credentials: "omit", cache: "no-store", redirect: "error", referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(patience),
    });
    status = response.status;
    answer = await response.json();
  } catch (cause) {
    throw status >= 400 ? new Refused(status, {}) : new Offline("no answer", { cause });
  }
  if (status >= 400) throw new Refused(status, answer);
  return answer;
}

const json = (path, value) => post(path, JSON.stringify(value), { "Content-Type": "application/json" });

export async function bind() {
  const query = new URLSearchParams(location.search);
  const asked = {};
  for (const name of ["nonce", "return"]) if (query.get(name)) asked[name] = query.get(name);
  const tab = await json("bind", asked);
  if (tab.binding) kept.binding = tab.binding;
  return tab;
}

export const begin = () => json("begin", {});
export const cancel = (code) => json("cancel", { code });
export const guide = (frame) => post("guide", frame, { "Content-Type": "image/jpeg" }, 15_000);

export function step(token, frames) {
  const form = new FormData();
  form.append("at", frames.map((frame) => frame.at).join());
  for (const frame of frames) form.append("frames", new Blob([frame.bytes], { type: "image/jpeg" }), "frame.jpg");
  return post("step", form, { "Capture-Step": token }, 40_000);
}
