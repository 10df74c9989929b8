// Fields that say what they are for and what is wrong with them.

import { el, fill, named } from "./element.js";
import { actions, button, note } from "./parts.js";

// field is a labelled input with a hint, and a place for what is wrong.
export function field(of) {
  const { label, name, type = "text", value, hint, required = false, options, oninput, onchange, ...more } = of;
  const id = named("field");
  const described = el("p", { class: "hint", id: `${id}-hint` }, hint);
  const wrong = el("p", { class: "wrong", id: `${id}-wrong`, hidden: true });
  const input = inputOf({ id, name, type, options, required, ...more });
  input.setAttribute("aria-describedby", `${hint ? `${id}-hint ` : ""}${id}-wrong`);
  if (oninput) input.addEventListener("input", () => oninput(node.value));
  if (onchange) input.addEventListener("change", () => onchange(node.value));
  const text = el("label", { for: id }, label, !required && of.optional ? el("span", { class: "soft" }, " (optional)") : null);
  const node = type === "checkbox"
    ? el("div", { class: "field check" }, el("div", null, input, text), hint && described, wrong)
    : el("div", { class: "field" }, text, input, hint && described, wrong);
  Object.defineProperties(node, {
    input: { value: input },
    name: { value: name },
    value: { get: () => read(input, type), set: (to) => write(input, type, to) },
    fail: {
      value: (why) => {
        wrong.textContent = why;
        wrong.hidden = !why;
        if (why) input.setAttribute("aria-invalid", "true");
        else input.removeAttribute("aria-invalid");
      },
    },
  });
  if (value !== undefined) node.value = value;
  input.addEventListener("input", () => node.fail(""));
  return node;
}

function inputOf({ id, name, type, options = [], rows = 4, ...more }) {
  const { min, max, step, pattern, placeholder, autocomplete, required, accept, multiple, maxlength, spellcheck, inputmode, disabled, autofocus } = more;
  const common = { id, name, required, disabled, autofocus };
  if (type === "select") {
    return el("select", common, options.map((o) => (typeof o === "string" ? el("option", { value: o }, o) : el("option", { value: o.value, disabled: o.disabled }, o.text))));
  }
  if (type === "textarea") return el("textarea", { ...common, rows, placeholder, maxlength, spellcheck });
  const list = options.length ? el("datalist", { id: `${id}-list` }, options.map((o) => el("option", { value: o.value ?? o }, o.text ?? ""))) : null;
  const input = el("input", {
    ...common, type, min, max, step: type === "number" ? step ?? "any" : step, pattern, placeholder, maxlength, accept, multiple, spellcheck, inputmode,
    autocomplete: autocomplete ?? "off", list: list?.id,
  });
  if (list) input.append(list);
  return input;
}

function read(input, type) {
  switch (type) {
    case "checkbox": return input.checked;
    case "number": case "range": return input.value === "" || Number.isNaN(input.valueAsNumber) ? null : input.valueAsNumber;
    case "file": return input.multiple ? [...input.files] : input.files[0] ?? null;
    default: return input.value;
  }
}

function write(input, type, to) {
  if (type === "checkbox") input.checked = Boolean(to);
  else if (type !== "file") input.value = to ?? "";
}

// form sends what its fields hold. A problem with a field is shown at it.
export function form({ fields, submit = "Save", kind = "primary", onsubmit, actions: more = [] }) {
  const inputs = fields.flat().filter(Boolean);
  const above = el("div", { role: "alert" });
  const send = button(submit, { type: "submit", kind });
  const node = el("form", {
    novalidate: true,
    onsubmit: async (event) => {
      event.preventDefault();
      if (node.getAttribute("aria-busy") === "true") return;
      fill(above);
      const of = inputs.filter((f) => f.input);
      for (const f of of) f.fail(f.input.checkValidity() ? "" : f.input.validationMessage);
      const first = of.find((f) => !f.input.checkValidity());
      if (first) return first.input.focus();
      node.setAttribute("aria-busy", "true");
      send.setAttribute("aria-busy", "true");
      try {
        await onsubmit(valuesOf(of));
      } catch (problem) {
        if (problem?.name !== "AbortError") show(problem, of);
      } finally {
        node.removeAttribute("aria-busy");
        send.removeAttribute("aria-busy");
      }
    },
  }, above, ...fields, actions(send, ...more));
  function show(problem, of) {
    const at = problem.field && of.find((f) => f.name === problem.field || problem.field.endsWith(`.${f.name}`));
    const text = problem.detail || problem.title || problem.message;
    if (at) {
      at.fail(text);
      at.input.focus();
      return;
    }
    fill(above, note(text, "bad"));
  }
  node.show = (problem) => show(problem, inputs.filter((f) => f.input));
  return node;
}

export const valuesOf = (fields) => Object.fromEntries(fields.map((f) => [f.name, f.value]));

// segmented is a choice of few, all of which are seen.
export function segmented({ label, options, value, onchange }) {
  const name = named("choice");
  const node = el("fieldset", { class: "segmented" }, el("legend", null, label), el("div", null, options.map((o) => {
    const input = el("input", { type: "radio", name, id: `${name}-${o.value}`, value: o.value, checked: o.value === value, onchange: () => onchange?.(o.value) });
    return [input, el("label", { for: input.id }, o.text)];
  })));
  Object.defineProperty(node, "value", {
    get: () => node.querySelector("input:checked")?.value ?? null,
    set: (to) => { for (const input of node.querySelectorAll("input")) input.checked = input.value === to; },
  });
  return node;
}
