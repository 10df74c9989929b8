// What pages look like that have nothing to show yet, or not at all.

import { el, fill } from "./element.js";
import { icon } from "./icon.js";
import { button, actions } from "./parts.js";

// loading keeps the place of what is on its way.
export function loading(main, rows = 4) {
  fill(main, el("div", { class: "loading", role: "status" }, el("span", { class: "unseen" }, "Loading"),
    Array.from({ length: rows }, () => el("div", { class: "bone", "aria-hidden": "true" }))));
}

// empty says what could be here, and how it comes here.
export function empty(main, { heading, text, action, icon: of = "people" }) {
  fill(main, state(of, "", heading, text, action));
}

// failed says what went wrong, and offers to try again.
export function failed(main, problem, again) {
  const [heading, text] = explained(problem);
  fill(main, state("warn", "bad", heading, text, again && button("Try again", { icon: "undo", onclick: again }),
    problem.requestID && el("p", { class: "soft small" }, "In the server's log: ", el("code", null, problem.requestID))));
  main.querySelector(".state").setAttribute("role", "alert");
}

// denied says which scope the key lacks.
export function denied(main, scope) {
  fill(main, state("key", "", "This key may not do that",
    ["The page needs a key with the scope ", el("code", null, [scope].flat().join(", ")), ". Sign in with another key, or ask whoever makes keys."]));
}

function state(of, tone, heading, text, action, more) {
  return el("div", { class: `state ${tone}` }, icon(of), el("h2", null, heading), text && el("p", { class: "soft" }, text), action && actions(action), more);
}

// explained are a heading and a text for a problem.
export function explained(problem) {
  switch (problem.code) {
    case "unreachable": return ["The server cannot be reached", problem.detail];
    case "not_found": return ["There is no such thing", problem.detail || "It may have been deleted, or the address is mistyped."];
    case "busy": case "unavailable": case "converting": case "position_not_reached":
      return ["The server is busy", problem.detail || problem.title || "Try again shortly."];
  }
  if (problem.status === 404) return ["There is no such thing", problem.detail || problem.title];
  return [problem.title || "Something went wrong", problem.detail || (problem.status ? problem.title : problem.message)];
}
