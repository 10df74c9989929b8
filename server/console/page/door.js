// The door: signing in with an API key.

import { el } from "./element.js";
import { field, form } from "./form.js";
import { icon } from "./icon.js";
import { note } from "./parts.js";

// door asks for a key; why says how the reader came here.
export function door({ why, enter }) {
  const key = field({
    label: "API key", name: "key", type: "password", required: true, placeholder: "ot_…", autocomplete: "current-password", spellcheck: "false", autofocus: true,
    hint: "The server printed one when it first started; an operator makes more.",
  });
  const heading = el("h1", { tabindex: "-1" }, "Sign in");
  async function send(values) {
    try {
      await enter({ key: values.key.trim() });
    } catch (problem) {
      if (problem.status === 401) problem.field = "key";
      key.input.select();
      throw problem;
    }
  }
  const node = el("main", { class: "door" },
    el("div", { class: "card" },
      el("p", { class: "brand" }, icon("face"), "oneton"),
      heading,
      why && el("div", { role: "status" }, note(why)),
      form({ fields: [key], submit: "Sign in", onsubmit: send }),
      el("details", null, el("summary", null, "No key at hand?"),
        el("p", { class: "soft" }, "On the server's machine, this makes one for the first tenant:"),
        el("pre", { tabindex: "0", role: "region", "aria-label": "Command" }, el("code", null, "oneton key create default --scope '*'")))));
  requestAnimationFrame(() => (why ? heading : key.input).focus());
  return node;
}
