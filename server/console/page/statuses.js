// Words and colours for what became of something.

import { badge } from "./view.js";

const tones = {
  running: "info", queued: "info", open: "info", pending: "info", review: "warn",
  succeeded: "good", success: "good", delivered: "good", completed: "good", added: "good",
  failed: "bad", invalid: "bad", refused: "bad", skipped: "warn", cancelled: "", ended: "", present: "",
};

const words = {
  queued: "waiting", open: "waits for parts", succeeded: "done", invalid: "cannot be done", ended: "ended",
  present: "there already", review: "in review", success: "approved", completed: "passed",
};

// status is a badge; words of a page's own take the place of these.
export const status = (is, own = {}) => badge(own[is] ?? words[is] ?? is, tones[is] ?? "");

export const busy = (is) => is === "running" || is === "queued";
