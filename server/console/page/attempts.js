// Attempts of people to show who they are: their stages, their evidence, and the review.

import { at, call, may, pageOf } from "./api.js";
import { el, fill, actions, ask, button, curl, empty, facts, field, note, number, section, segmented, table, toast, when } from "./view.js";
import { go, href, refresh } from "./route.js";
import { drawn } from "./photo.js";
import { status } from "./statuses.js";

const one = "kyc/attempts/:attempt";

export const list = {
  path: "kyc/attempts",
  title: "Attempts",
  nav: { label: "Attempts", group: "server", order: 45, icon: "card" },
  scope: "kyc:read",
  lead: "People who showed who they are, and what the checks said of them.",
  async render(main, params, signal) {
    const only = params.query.get("status") ?? "review", query = { status: only === "all" ? undefined : only, limit: 50 };
    const page = await pageOf("/v1/kyc/attempts", { items: "attempts", signal, query });
    const body = el("div");
    fill(main, segmented({
      label: "Show", value: only, onchange: (to) => go(href("kyc/attempts", {}, { status: to })),
      options: [{ value: "review", text: "In review" }, { value: "pending", text: "Under way" }, { value: "success", text: "Approved" }, { value: "failed", text: "Failed" }, { value: "cancelled", text: "Cancelled" }, { value: "all", text: "All" }],
    }), body, curl("GET", "/v1/kyc/attempts", { query }));
    if (page.rows.length === 0) {
      return empty(body, {
        heading: only === "review" ? "Nobody waits for a review" : "There is no such attempt", icon: "card",
        text: "An attempt begins when a session is opened for a signup or a validation. One that its session leaves in review waits here for a decision.",
      });
    }
    fill(body, table({
      caption: "Attempts, the newest first", ...page,
      columns: [
        { name: "Begun", of: (a) => el("a", { href: href(one, { attempt: a.id }) }, when(a.created_at)) },
        { name: "For", of: (a) => a.type },
        { name: "Status", of: (a) => shown(a.status) },
        { name: "User", of: (a) => a.user ?? "–" },
        { name: "Changed", narrow: false, of: (a) => when(a.updated_at, { relative: true }) },
      ],
    }));
  },
};

const shown = (is) => status(is, { pending: "under way", failed: "failed" });

// What stages are, in words.
const stages = {
  detect_faces: "Is a face in the photo?", fetch_document_data: "What does the document say?", validate_document_type: "Is it such a document?",
  validate_identity: "Is the number the document’s?", compare_faces: "Is the face that of the document?", find_user: "Is the person unknown?",
  save_face: "Is the face kept?", match_user: "Is it the user?", check_smile: "Does the person smile?", check_blink: "Does the person blink?",
};

export const page = {
  path: one,
  title: "Attempt",
  nav: { under: "kyc/attempts" },
  scope: "kyc:read",
  crumbs: () => [{ text: "Attempts", href: href("kyc/attempts") }],
  async render(main, params, signal) {
    const path = at`/v1/kyc/attempts/${params.attempt}`;
    const a = await call("GET", path, { signal });
    const extra = Object.keys(a.metadata).length > 0;
    fill(main,
      section("What it is", el("div", { class: "stack" }, facts([
        ["Status", shown(a.status)], ["For", a.type], ["User", a.user ?? "–"], ["Begun", when(a.created_at)], ["Changed", when(a.updated_at)],
        a.faces.length > 0 && ["Face kept", may("read") ? el("a", { href: href("galleries/:gallery/subjects/:subject", { gallery: a.gallery, subject: a.faces[0] }) }, "in the gallery of users") : "yes"],
      ]), extra && said(a.metadata, "Sent with it"), a.status === "review" && decide(a, path))),
      section("What the checks said", a.stages.length === 0 ? el("p", { class: "soft" }, "No check was made.") : el("ol", { class: "tries" }, a.stages.map((s) => stage(s, path, signal)))),
      section("History", table({
        caption: "Who changed the status", rows: a.history,
        columns: [
          { name: "When", of: (h) => when(h.at) }, { name: "Status", of: (h) => shown(h.to) }, { name: "Reason", of: (h) => h.reason || "–" },
          { name: "Key", of: (h) => (h.key_id ? el("code", null, h.key_id) : "the session’s end") },
        ],
      })), curl("GET", path));
  },
};

function stage(s, path, signal) {
  const evidence = el("div");
  if (s.photo) {
    fill(evidence, el("p", { class: "soft" }, "The photo is on its way."));
    call("GET", `${path}${at`/photos/${s.photo}`}`, { raw: true, signal }).then((answer) => answer.blob()).then((blob) => drawn(blob, [], { alt: "The document that was checked" })).then(
      (figure) => fill(evidence, figure),
      (problem) => { if (!signal.aborted) fill(evidence, note(problem.status === 404 ? "The photo’s time is over: it is erased." : problem.message, "warn")); });
  }
  return el("li", null,
    el("p", null, el("strong", null, stages[s.name] ?? s.name), " ", status(s.status, { failed: "did not pass", invalid: "could not be made" }), " ", el("span", { class: "soft" }, when(s.at))),
    said(s.output, "What was found"), said(s.input, "What was asked"), evidence);
}

// said are the members of an object, whatever they are.
function said(object, heading) {
  const pairs = [];
  const walk = (value, name) => {
    if (value !== null && typeof value === "object") {
      for (const [key, inner] of Object.entries(value)) walk(inner, name ? `${name} · ${spaced(key)}` : spaced(key));
    } else pairs.push([name || heading, plain(value)]);
  };
  walk(object, "");
  return pairs.length > 0 && el("div", null, el("h3", null, heading), facts(pairs));
}

const spaced = (name) => name.replaceAll("_", " ");

const plain = (value) => (value === true ? "yes" : value === false ? "no" : value === null ? "–" : typeof value === "number" ? number(value, { maximumFractionDigits: 3 }) : String(value));

// decide offers the decisions, each with a reason.
function decide(a, path) {
  if (!may("kyc:review")) return note("It waits for a review, which needs a key with the scope kyc:review.", "warn");
  const choice = (decision, heading, text, yes, danger, done) => async () => {
    const made = await ask({
      heading, text, yes, danger,
      fields: [field({ label: "Reason", name: "reason", type: "textarea", required: true, maxlength: 1000, hint: "For whoever asks later why. It is kept with the attempt." })],
      run: ({ reason }) => call("POST", `${path}/review`, { json: { decision, reason } }),
    });
    if (!made) return;
    toast(done);
    refresh();
  };
  return el("div", { class: "stack" }, note("It waits for your decision, which is made once.", "warn"), actions(
    button("Approve", { kind: "primary", icon: "check", onclick: choice("approve", "Approve the attempt", "A user can be registered from it.", "Approve it", false, "The attempt is approved.") }),
    button("Reject", { kind: "danger", icon: "cross", onclick: choice("reject", "Reject the attempt", "What was kept of the face is erased.", "Reject it", true, "The attempt is rejected.") }),
    button("Cancel it", { kind: "quiet", onclick: choice("cancel", "Cancel the attempt", "Neither approved nor rejected, as one that was made twice.", "Cancel the attempt", true, "The attempt is cancelled.") })),
  curl("POST", `${path}/review`, { json: { decision: "approve", reason: "the photo shows the holder" } }));
}
