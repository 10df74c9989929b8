// What is said beside the page: to whoever listens, and in messages that go by themselves.

import { el } from "./element.js";
import { icon } from "./icon.js";

// say tells whoever hears the page.
export function say(text) {
  const line = document.getElementById("say");
  line.textContent = "";
  // A text that is as it was is not said again; it is put there anew.
  requestAnimationFrame(() => { line.textContent = text; });
}

const shown = 8_000, offered = 15_000;

// toast shows a message, with what takes back what it tells of.
export function toast(text, { undo, tone = "good" } = {}) {
  const box = el("div", { class: `toast ${tone}` }, icon({ good: "check", bad: "warn", warn: "warn" }[tone] ?? "info"), el("p", null, text));
  let timer = 0;
  const leave = () => {
    clearTimeout(timer);
    const focused = box.contains(document.activeElement);
    box.remove();
    if (focused) document.querySelector("h1")?.focus();
  };
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => (box.matches(":hover, :focus-within") ? wait() : leave()), undo ? offered : shown);
  };
  if (undo) {
    const back = el("button", {
      type: "button", class: "quiet",
      onclick: async () => {
        back.disabled = true;
        try {
          await undo();
          leave();
        } catch (problem) {
          leave();
          toast(problem.message, { tone: "bad" });
        }
      },
    }, "Undo");
    box.append(back);
  }
  box.append(el("button", { type: "button", class: "quiet small", "aria-label": "Close the message", onclick: leave }, icon("cross")));
  const all = document.getElementById("toasts");
  all.append(box);
  while (all.children.length > 3) all.firstChild.remove();
  wait();
  say(undo ? `${text} Undo is offered in the messages at the end of the page.` : text);
  return leave;
}

// hush ends all messages.
export function hush() {
  document.getElementById("toasts").replaceChildren();
  document.getElementById("say").textContent = "";
}
