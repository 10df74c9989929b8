// Questions that are asked before the page.

import { el, fill, named } from "./element.js";
import { form } from "./form.js";
import { button, note } from "./parts.js";

// opened are what ends those that are open, when the page goes.
const opened = new Set();

function open(heading, build) {
  const id = named("dialog");
  return new Promise((done) => {
    const node = el("dialog", { "aria-labelledby": id });
    // Browsers tell of a dialog that closes with their next frame only. Whoever asked
    // goes on at once: a button would be busy still, and take no key, where nothing
    // is open any more.
    const end = (value = null) => {
      opened.delete(end);
      node.close();
      node.remove();
      done(value);
    };
    node.append(el("h2", { id }, heading), ...[build(end, node)].flat().filter(Boolean));
    node.addEventListener("cancel", (event) => { if (event.target === node) end(); });
    node.addEventListener("close", () => end());
    // A click beside it is no answer, and what was written would be lost.
    document.body.append(node);
    opened.add(end);
    node.showModal();
    node.querySelector("[autofocus], input:not([type=hidden]), select, textarea")?.focus();
  });
}

// settle closes all.
export function settle() {
  for (const end of opened) end();
}

// dialog resolves to the value of the action that is chosen, or null. An action that
// runs something keeps it open until that is done, and shows what came of it badly.
export function dialog({ heading, body, actions = [] }) {
  return open(heading, (end) => {
    const wrong = el("div", { role: "alert" });
    const row = el("div", { class: "actions" }, actions.map((action) => {
      const node = button(action.text, {
        kind: action.kind, icon: action.icon,
        onclick: async () => {
          fill(wrong);
          try {
            const ran = action.run ? await action.run() : undefined;
            end(action.value === undefined ? ran ?? action.text : action.value);
          } catch (problem) {
            fill(wrong, note(problem.detail || problem.title || problem.message, "bad"));
          }
        },
      });
      if (action.autofocus) node.setAttribute("autofocus", "");
      return node;
    }));
    return [el("div", { class: "body" }, body), wrong, actions.length ? row : null];
  });
}

// confirm asks whether to do something.
export async function confirm({ heading, text, yes = "Yes", danger = false }) {
  const answer = await dialog({
    heading, body: typeof text === "string" ? el("p", { class: "soft" }, text) : text,
    actions: [{ text: yes, kind: danger ? "danger" : "primary", value: true }, { text: "Cancel", kind: "quiet", value: false, autofocus: danger }],
  });
  return answer === true;
}

// ask has fields filled in; it resolves to what run makes of them, or null.
export function ask({ heading, text, fields, yes = "Save", danger = false, run }) {
  return open(heading, (end) => [
    text && el("p", { class: "soft" }, text),
    form({
      fields, submit: yes, kind: danger ? "danger" : "primary",
      onsubmit: async (values) => {
        const ran = await run(values);
        end(ran === undefined ? values : ran);
      },
      actions: [button("Cancel", { kind: "quiet", onclick: () => end(null) })],
    }),
  ]);
}
