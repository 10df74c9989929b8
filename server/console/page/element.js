// Elements. All that is shown is made of nodes and texts; no text is ever read as markup.

const spaces = { svg: "http://www.w3.org/2000/svg" };
const asProperties = new Set(["value", "checked", "disabled", "selected", "indeterminate", "open", "srcObject", "muted"]);
const addresses = new Set(["href", "src", "action", "formaction", "xlink:href"]);
const safe = /^(#|\/(?!\/)|\?|blob:|https?:)/;

// el makes an element. Of props, class, vars (custom properties), data and on… are what
// they say; others are attributes, and those that are null, undefined or false are left out.
export function el(tag, props, ...children) {
  return made(document.createElement(tag), props, children);
}

// svg is el for SVG.
export function svg(tag, props, ...children) {
  return made(document.createElementNS(spaces.svg, tag), props, children);
}

function made(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false && !asProperties.has(name)) continue;
    if (name === "class") node.setAttribute("class", value);
    else if (name === "vars") for (const [variable, of] of Object.entries(value)) node.style.setProperty(variable, String(of));
    else if (name === "data") Object.assign(node.dataset, value);
    else if (/^on[a-z]/.test(name)) {
      if (typeof value !== "function") throw new TypeError(`${name} must be a function`);
      node.addEventListener(name.slice(2), value);
    } else if (name === "style" || name === "srcdoc") throw new TypeError(`${name} is not set here`);
    else if (asProperties.has(name) && name in node) node[name] = value;
    else if (addresses.has(name) && !safe.test(String(value))) throw new TypeError(`${name} must lead to the web or to this page`);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(node, child);
    else node.append(child instanceof Node ? child : String(child));
  }
}

// fill replaces what is in a node.
export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

let names = 0;
// named is an id that nothing else has.
export const named = (about) => `${about}-${++names}`;
