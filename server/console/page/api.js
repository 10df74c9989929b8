// The calls that pages make of the native API, and of the session that they are made in.

// Problem is an answer that says no, or none: its status is 0 then.
export class Problem extends Error {
  constructor(status, answer = {}, retryAfter = 0) {
    super(answer.detail || answer.title || `status ${status}`);
    this.name = "Problem";
    this.status = status;
    this.code = answer.code || (status ? "unknown" : "unreachable");
    this.title = answer.title || "";
    this.detail = answer.detail || "";
    this.field = answer.field || "";
    this.reasons = answer.reasons || [];
    this.requestID = answer.request_id || "";
    this.retryAfter = retryAfter;
  }
}

// at writes a path whose values are escaped: at`/v1/galleries/${name}`.
export function at(parts, ...values) {
  return parts.reduce((path, part, i) => path + escaped(values[i - 1]) + part);
}

// What encodeURIComponent leaves as it is means something to shells and in paths.
export const escaped = (value) => {
  const text = encodeURIComponent(String(value)).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
  return text === "." || text === ".." ? text.replaceAll(".", "%2E") : text;
};

function address(path, query) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== "") asked.append(name, String(one));
    }
  }
  const text = asked.toString().replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
  return text ? `${path}?${text}` : path;
}

// Somebody is at the browser who touched it in the last minute. What a page asks by
// itself does not keep a session from being idle.
let touched = performance.now();
const present = () => performance.now() - touched < 60_000;
for (const event of ["pointerdown", "keydown", "wheel", "touchstart"]) {
  addEventListener(event, () => { touched = performance.now(); }, { capture: true, passive: true });
}

let current = null; // the session
let ended = () => {};
// onEnded is told when the server takes the session for ended.
export function onEnded(run) { ended = run; }

export const session = () => current;
export const may = (...scopes) => scopes.flat().every((scope) => current?.scopes.some((has) => has === "*" || has === scope));

async function ask(method, path, { query, json, form, body, type, signal, headers } = {}) {
  const sent = { ...headers, "Oneton-Console": (present() ? "1" : "0") + (location.protocol === "https:" ? "s" : "") };
  let payload = form ?? body;
  if (json !== undefined) {
    payload = JSON.stringify(json);
    sent["Content-Type"] = "application/json";
  } else if (type) {
    sent["Content-Type"] = type;
  }
  let response;
  try {
    response = await fetch(address(path, query), {
      method, body: payload, headers: sent, signal,
      credentials: "same-origin", cache: "no-store", redirect: "error", referrerPolicy: "no-referrer",
    });
  } catch (cause) {
    if (cause?.name === "AbortError" || signal?.aborted) throw cause;
    throw new Problem(0, { title: "The server cannot be reached", detail: "Nothing answers. Is the server running, and the network up?" });
  }
  if (response.ok) return response;
  let answer = {};
  try { answer = await response.json(); } catch { /* what stands between may answer anything */ }
  throw new Problem(response.status, answer, Number(response.headers.get("Retry-After")) || 0);
}

export async function call(method, path, options = {}) {
  let response;
  try {
    response = await ask(method, path, options);
  } catch (problem) {
    if (problem.status === 401) ended();
    throw problem;
  }
  lastCall = performance.now();
  if (options.raw) return response;
  return response.status === 204 ? null : response.json();
}

let lastCall = 0;
// sinceCall is how long ago the server last answered, in milliseconds.
export const sinceCall = () => performance.now() - lastCall;

// look asks who is signed in; null is nobody.
export async function look() {
  try {
    return keep(await (await ask("GET", "/console/session")).json());
  } catch (problem) {
    if (problem.status === 401) return keep(null);
    throw problem;
  }
}

function keep(answer) {
  lastCall = performance.now();
  // The browser's clock may be wrong; how long is left is the same everywhere.
  if (answer) answer.left = () => new Date(answer.idle_ends) - new Date(answer.now) - (performance.now() - answer.read);
  if (answer) answer.read = performance.now();
  return (current = answer);
}

// signIn signs in with {key} or by {link}.
export async function signIn(by) {
  return keep(await (await ask("POST", "/console/session", { json: by })).json());
}

export async function signOut({ everywhere = false } = {}) {
  await ask("DELETE", everywhere ? "/console/sessions" : "/console/session");
  current = null;
}

// pageOf reads a page of a list: its rows, and what reads the next one.
export async function pageOf(path, { query = {}, items, signal, cursor = "after" } = {}) {
  const answer = await call("GET", path, { query, signal });
  return {
    rows: answer[items],
    more: answer.next ? () => pageOf(path, { query: { ...query, [cursor]: answer.next }, items, signal, cursor }) : null,
    answer,
  };
}

// each yields all items of a list.
export async function* each(path, options) {
  for (let page = await pageOf(path, options); ; page = await page.more()) {
    yield* page.rows;
    if (!page.more) return;
  }
}

const quoted = (text) => `'${String(text).replaceAll("'", `'\\''`)}'`;

// curlOf is the same call as a command; the key and the server's address are variables.
export function curlOf(method, path, { query, json, form, body, type, headers } = {}) {
  const lines = [`curl -H "Authorization: Bearer $ONETON_KEY"`];
  if (method !== "GET" && !(method === "POST" && (form || body || json !== undefined))) lines.push(`-X ${method}`);
  for (const [name, value] of Object.entries(headers ?? {})) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (json !== undefined) lines.push(`-H 'Content-Type: application/json'`, `-d ${quoted(JSON.stringify(json))}`);
  if (form) {
    for (const [name, value] of form) {
      if (value instanceof Blob) lines.push(`-F ${quoted(`${name}=@${fileOf(value)}`)}`);
      else lines.push(`--form-string ${quoted(`${name}=${value}`)}`);
    }
  }
  if (body) {
    if (type) lines.push(`-H ${quoted(`Content-Type: ${type}`)}`);
    lines.push(`--data-binary ${body instanceof Blob ? quoted(`@${fileOf(body)}`) : quoted(body)}`);
  }
  lines.push(`"$ONETON_URL${address(path, query)}"`);
  return lines.join(" \\\n  ");
}

// A file's name is the reader's own, and curl reads some signs in it.
const fileOf = (blob) => (blob.name ?? "photo.jpg").replace(/[^\p{L}\p{N}._ -]/gu, "_");
