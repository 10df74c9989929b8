// A check from its beginning to its end. The server decides everything; this shows
// what it says, and sends it pictures.

import * as calls from "./calls.js";
import * as camera from "./camera.js";
import * as view from "./view.js";
import { framers, returns, takeBack, tell } from "./tell.js";

const { text } = view;
const { pause } = camera;
const { Refused, Offline } = calls;

// What is known of the session: its attempts, its end in this clock, and whom to tell.
let session = { attempt: 0, attempts: 0, origins: framers, redirect: "", ends: Infinity };
let attempt = new AbortController(); // what goes on now
let held = false; // whether this tab is the one
let over = false;

// Pictures are smaller and fewer where they travel slowly. Heights are pixels.
const fast = { guide: 480, look: 640, step: 480, quality: 0.8 };
const slow = { guide: 320, look: 480, step: 320, quality: 0.6 };
const sluggish = 80; // bytes a millisecond, with the way there and back
const long = 4000; // milliseconds of a guiding picture's way and answer
let speed = sluggish;
let pace = fast;
// Milliseconds of recording, and pictures a second: eyes are closed for a tenth of one.
const turning = { lasts: 3600, rate: 10 };
const filmed = { look: { lasts: 1500, rate: 10 }, blink: { lasts: 3200, rate: 15 } };
const lead = 900; // milliseconds to read what to do
const steady = 2; // how often all must be well before an attempt begins

// Session.

function learn(tab) {
  session = {
    attempt: tab.attempt, attempts: tab.attempts, origins: tab.origins, redirect: tab.redirect,
    ends: performance.now() + 1000 * tab.expiresIn,
  };
  watchEnd();
}

let lastMinute = 0, ending = 0;
function watchEnd() {
  clearTimeout(lastMinute);
  clearTimeout(ending);
  const left = session.ends - performance.now();
  lastMinute = setTimeout(() => over || view.note("minute", text("minute")), Math.max(0, left - 60_000));
  ending = setTimeout(() => over || fail("SESSION_EXPIRED_OR_NOT_FOUND"), left + 500);
}

// finish ends the page with what the session came to.
function finish(end) {
  over = true;
  attempt.abort();
  camera.close();
  view.settle();
  clearTimeout(lastMinute);
  clearTimeout(ending);
  view.ring(0);
  tell(end, session.origins);
  const back = returns(session.redirect) ? { label: text("go_on"), run: () => takeBack(end, session.redirect) } : undefined;
  if (end.error) {
    const name = view.has(`fail.${end.error}.heading`) ? end.error : "UNEXPECTED_ERROR";
    view.show("failed", { heading: text(`fail.${name}.heading`), body: text(`fail.${name}.text`), first: back });
    return;
  }
  // Whoever comes back by the browser's button stays until they go on themselves.
  const now = back && !calls.kept.returned;
  view.show("done", { heading: text("done.heading"), body: text(now ? "done.return" : "done.text"), first: back });
  if (now) setTimeout(back.run, 1500);
}

const fail = (code) => finish({ error: code });

// stopped shows why the page cannot go on here, though the session may elsewhere.
function stopped(name, again) {
  attempt.abort();
  camera.close();
  view.show("failed", {
    heading: text(`${name}.heading`), body: text(`${name}.text`),
    first: again && { label: text("retry"), run: again },
  });
}

const finals = [
  "SESSION_EXPIRED_OR_NOT_FOUND", "SESSION_INVALIDATED_TOO_MANY_ATTEMPTS", "UNAUTHORIZED", "FORBIDDEN", "USER_CANCEL",
  "MEDIA_NOT_ALLOWED_ERROR", "MEDIA_NOT_FOUND_ERROR",
];

// meet shows what an error comes to.
function meet(error) {
  if (over || error === attempt.signal.reason) return;
  if (error instanceof camera.Fault) return lacking(error.kind);
  if (!(error instanceof Refused)) return stopped("fail.UNEXPECTED_ERROR", run);
  if (finals.includes(error.code)) return fail(error.code);
  if (error.code === "SESSION_OPEN_ELSEWHERE") return stopped("elsewhere", run);
  if (error.code === "NONCE_USED") return stopped("nonce");
  return stopped("fail.UNEXPECTED_ERROR", run);
}

// lacking says what to do about the camera; who leaves ends the session with why.
function lacking(kind) {
  attempt.abort();
  camera.close();
  view.ring(0);
  const code = kind.startsWith("MEDIA_") ? kind : "USER_CANCEL";
  view.show("failed", {
    heading: text(`camera.${kind}.heading`), body: text(`camera.${kind}.text`),
    first: { label: text("retry"), run },
    second: { label: text("leave"), run: () => leave(code) },
  });
}

async function leave(code) {
  try {
    if (!calls.kept.binding) learn(await calls.bind());
    finish(await patiently(() => calls.cancel(code)));
  } catch (error) {
    meet(error);
  }
}

// patiently asks until there is an answer, and says so meanwhile. A signal ends it.
async function patiently(ask, signal) {
  for (let wait = 700; ; wait = Math.min(wait * 1.7, 8000)) {
    try {
      const answer = await ask();
      view.note("offline");
      return answer;
    } catch (error) {
      const busy = error instanceof Refused && (error.status === 429 || error.status === 503);
      if (!busy && !(error instanceof Offline)) throw error;
      if (error instanceof Offline) view.note("offline", text("offline"));
      await Promise.race([pause(wait, signal), online()]);
    }
  }
}

const online = () => new Promise((done) => addEventListener("online", done, { once: true }));

// One tab.

// hold is true in one tab of a browser at a time, also where a tab was doubled with
// its storage.
function hold() {
  if (held || !navigator.locks) return Promise.resolve(true);
  return new Promise((done) => {
    navigator.locks.request(`face-session-${calls.id}`, { signal: AbortSignal.timeout(1200) }, () => {
      held = true;
      done(true);
      return new Promise(() => {}); // until the tab closes
    }).catch(() => done(false));
  });
}

// The check.

async function run() {
  attempt.abort();
  attempt = new AbortController();
  const { signal } = attempt;
  try {
    view.show("ask", { heading: text("allow.heading"), body: text("allow.text"), cancel: true });
    if (!await hold()) return stopped("elsewhere", run);
    const opened = camera.open();
    opened.catch(() => {}); // met below
    const tab = await checked(signal);
    if (tab.end) return finish(tab.end);
    await opened;
    signal.throwIfAborted();
    await attempts(signal);
  } catch (error) {
    if (!signal.aborted) meet(error);
  }
}

// checked binds the session to this tab, and waits for what the server is still at.
async function checked(signal) {
  for (;;) {
    const tab = await patiently(calls.bind, signal);
    learn(tab);
    if (tab.end || !tab.checking) return tab;
    await pause(1000, signal);
  }
}

async function attempts(signal) {
  for (;;) {
    view.show("camera", { heading: text("guide.wait"), count: counted(), cancel: true });
    view.ring(0);
    await guide(signal);
    const outcome = await steps(signal);
    signal.throwIfAborted();
    if (outcome?.end) return finish(outcome.end);
    if (outcome) await again(outcome, signal);
  }
}

function counted() {
  const n = Math.min(session.attempt + 1, session.attempts);
  return session.attempts > 1 ? text("attempt", { n, of: session.attempts }) : "";
}

// guide sends a picture at a time until the person is well in view.
async function guide(signal) {
  for (let well = 0; well < steady; ) {
    if (document.hidden) {
      await shown(signal);
      well = 0;
    }
    const picture = await camera.grab(pace.guide, pace.quality);
    if (!picture) {
      await pause(80, signal);
      continue;
    }
    const sent = performance.now();
    let guidance;
    try {
      guidance = await patiently(() => calls.guide(picture), signal);
    } catch (error) {
      if (error instanceof Refused && error.code === "INVALID_INPUT") {
        await pause(400, signal); // a picture that cannot be read
        continue;
      }
      throw error;
    }
    signal.throwIfAborted();
    measure(picture.length, performance.now() - sent, guidance.took);
    well = guidance.guidance === "ok" ? well + 1 : 0;
    view.ring(well / steady / 10);
    const name = `guide.${guidance.guidance}`;
    view.word(text(view.has(name) ? name : "guide.wait"));
    await pause(well ? 250 : 350, signal);
  }
}

// measure learns from a picture's bytes, the time until its answer, and what of that the
// server needed, how fast pictures travel.
function measure(bytes, ms, served) {
  speed += (bytes / Math.max(1, ms - served) - speed) / 2;
  pace = speed < sluggish ? slow : fast;
  view.note("slow", ms > long ? text("slow") : "");
}

// steps does one attempt; undefined is that guiding must begin anew.
async function steps(signal) {
  let begun;
  try {
    begun = await patiently(calls.begin, signal);
  } catch (error) {
    return settled(error, signal);
  }
  if (!begun.step) return begun;
  let { step } = begun;
  session.attempt = step.attempt;
  for (let once = false; ; ) {
    const { frames, words } = await perform(step, once, signal);
    view.arrow("");
    view.word(text("step.wait"), "", true);
    let answer;
    try {
      answer = await patiently(() => calls.step(step.token, frames), signal);
    } catch (error) {
      if (error instanceof Refused && error.code === "INVALID_INPUT" && !once) {
        once = true; // the pictures were too few or too uneven: the step stands
        view.word(text("once_more"), words, true);
        await pause(lead, signal);
        continue;
      }
      return settled(error, signal);
    }
    once = false;
    if (!answer.step) return answer;
    step = answer.step;
    view.word(text("step.done"));
    navigator.vibrate?.(40);
    await pause(500, signal);
  }
}

// settled is what an attempt came to of which an answer went astray.
async function settled(error, signal) {
  const lost = error instanceof Refused && (error.code === "STEP_NOT_EXPECTED" || error.code === "INVALID_INPUT");
  if (!lost) throw error;
  const tab = await checked(signal);
  return tab.end ? { end: tab.end } : undefined;
}

async function perform(step, once, signal) {
  const name = `step.${step.kind}`;
  const words = text(name);
  const of = text("step", { n: step.number, of: step.of });
  const share = (done) => 0.1 + 0.9 * (step.number - 1 + done) / step.of;
  for (;;) {
    if (document.hidden) await shown(signal);
    const from = performance.now();
    view.count(of);
    view.word(words, "", true);
    view.arrow(step.kind === "turn_left" ? "left" : step.kind === "turn_right" ? "right" : "");
    view.ring(share(0));
    await pause(lead, signal);
    const plan = {
      ...(filmed[step.kind] ?? turning), quality: pace.quality, height: step.kind === "look" ? pace.look : pace.step,
    };
    const frames = await camera.record(plan, from, (done) => view.ring(share(done)));
    signal.throwIfAborted();
    if (!document.hidden) return { frames, words };
  }
}

function shown(signal) {
  view.note("hidden", text("hidden"));
  return new Promise((done, stop) => {
    signal.addEventListener("abort", () => stop(signal.reason), { once: true });
    document.addEventListener("visibilitychange", () => {
      view.note("hidden");
      done();
    }, { once: true });
  });
}

// again says why an attempt failed, and waits for the next.
function again(outcome, signal) {
  const left = session.attempts - session.attempt;
  // Whoever is not the person of the photo is told so, and not how they are compared.
  const names = outcome.failed === "FACE_NO_MATCH" ? [outcome.failed] : [outcome.reason, outcome.failed, "low_quality"];
  const reason = names.map((name) => `reason.${name}`).find(view.has);
  const rest = text(left === 1 ? "again.last" : "again.left", { n: left });
  view.ring(0);
  return new Promise((done, stop) => {
    signal.addEventListener("abort", () => stop(signal.reason), { once: true });
    view.show("again", {
      heading: text("again.heading"), body: `${text(reason)} ${rest}`, cancel: true,
      first: { label: text("again.start"), run: done },
    });
  });
}

// The page's own life.

view.onCancel(async () => {
  if (await view.sure() && !over) {
    attempt.abort();
    await leave("USER_CANCEL");
  }
});

addEventListener("pagehide", () => {
  attempt.abort();
  camera.close();
});

// A page that comes back out of the browser's memory looks again where it is.
addEventListener("pageshow", (event) => { if (event.persisted && !over) welcome(); });

async function welcome() {
  if (!window.isSecureContext) return stopped("insecure");
  if (!camera.able()) return stopped("unsupported");
  if (calls.kept.binding) {
    try {
      if (!await hold()) return stopped("elsewhere", run);
      const tab = await patiently(calls.bind);
      learn(tab);
      if (tab.end) return finish(tab.end);
    } catch (error) {
      return meet(error);
    }
  }
  view.show("intro", {
    heading: text("intro.heading"), body: text("intro.text"), focus: false,
    first: { label: text("start"), run },
  });
}

welcome();
