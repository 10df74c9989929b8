// The console: who is signed in, where the reader is, and what is shown there.

import { look, may, onEnded, session, signIn, signOut, sinceCall } from "./api.js";
import { el, fill } from "./element.js";
import { hush, toast } from "./live.js";
import { settle } from "./dialog.js";
import { match, onRefresh } from "./route.js";
import { frame } from "./frame.js";
import { door } from "./door.js";
import { pages } from "./pages.js";
import { denied, empty, failed, loading } from "./states.js";
import { link } from "./parts.js";

const app = document.getElementById("app");
let shell = null; // what is around pages, while somebody is signed in
let leave = new AbortController(); // ends what the page asks

// open shows the page of the address.
async function open({ focus = true } = {}) {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  settle();
  if (!session()) return;
  const found = match(pages, location.hash);
  if (!found) {
    shell.show({ title: "There is no such page", params: {}, page: null, focus });
    empty(shell.main, { heading: "Nothing is at this address", text: "It may be mistyped, or of another version.", action: link("To the overview", "#/", { kind: "primary" }), icon: "search" });
    return;
  }
  const { page, params } = found;
  const title = typeof page.title === "function" ? page.title(params) : page.title;
  const main = shell.show({ title, page, params, focus });
  if (page.scope && !may(page.scope)) return denied(main, page.scope);
  loading(main);
  try {
    await page.render(main, params, signal);
  } catch (problem) {
    if (signal.aborted || problem?.name === "AbortError") return;
    if (problem.status === 401) return;
    if (problem.status === undefined) console.error(problem);
    if (problem.status === 403) denied(main, page.scope ?? problem.detail);
    else failed(main, problem, () => open());
  }
}

// entered shows the console to whoever signed in.
function entered() {
  shell = frame({ pages, onSignOut: leaveBy });
  fill(app, shell.node);
  watch();
  open({ focus: false });
}

// out shows the door, and leaves nothing of what was shown.
function out(why = "") {
  clearTimeout(timer);
  leave.abort();
  settle();
  hush();
  shell = null;
  document.title = "Sign in · oneton";
  fill(app, door({
    why,
    enter: async (by) => {
      await signIn(by);
      entered();
    },
  }));
}

async function leaveBy(options) {
  await signOut(options);
  location.hash = "#/";
  out(options?.everywhere ? "You are signed out, in every browser that was signed in with this key." : "You are signed out.");
}

onEnded(() => {
  if (shell) out("The session has ended. Sign in to go on where you were.");
});

// watch ends what is shown when the session does, also where nobody asks anything; the
// server is asked whether another tab keeps it.
let timer = 0;
function watch() {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    try {
      if (!(await look())) return out("The session has ended. Sign in to go on where you were.");
    } catch { /* the server is away; it is asked again */ }
    watch();
  }, Math.min(Math.max(session().left(), 5_000), 2 ** 31 - 1));
}

// Whoever reads or writes long asks nothing, and is there all the same.
for (const event of ["pointerdown", "keydown"]) {
  addEventListener(event, () => {
    if (session() && sinceCall() > 60_000 && session().left() < 15 * 60_000) look().then((s) => (s ? watch() : shell && out("The session has ended. Sign in to go on where you were.")), () => {});
  }, { passive: true });
}

// A browser shows pages as they were when they are come back to, and other tabs may have signed out.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !shell || sinceCall() < 30_000) return;
  look().then((s) => { if (!s) out("The session has ended. Sign in to go on where you were."); }, () => {});
});

addEventListener("hashchange", () => {
  if (entering()) return follow();
  if (session()) open();
});
onRefresh(() => open({ focus: false }));
addEventListener("unhandledrejection", (event) => {
  if (event.reason?.name === "AbortError") return event.preventDefault();
});

// A link that signs in stands in the fragment, which no server and no log is told; it
// leaves the address and the history before anything else is done.
const entering = () => location.hash.startsWith("#/enter/");
async function follow() {
  const link = location.hash.slice("#/enter/".length);
  history.replaceState(null, "", "#/");
  try {
    await signIn({ link: decodeURIComponent(link) });
    entered();
    toast("You are signed in.");
  } catch (problem) {
    if (!session()) out(problem.detail || problem.message);
    else toast(problem.message, { tone: "bad" });
  }
}

async function start() {
  if (entering()) return follow();
  try {
    if (await look()) entered();
    else out();
  } catch (problem) {
    failed(fill(app, el("main", { class: "page alone" })).firstChild, problem, start);
  }
}

start();
