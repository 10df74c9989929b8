// Where pages are: their paths stand in the fragment, which no server is told.

import { escaped } from "./api.js";

// href is the address of a page by its path, as in galleries/:gallery.
export function href(path, params = {}, query = {}) {
  const segments = path.split("/").map((part) => (part.startsWith(":") ? escaped(params[part.slice(1)]) : part));
  const asked = new URLSearchParams();
  for (const [name, value] of query instanceof URLSearchParams ? query : Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") asked.append(name, value);
  }
  const text = asked.toString();
  return `#/${segments.join("/")}${text ? `?${text}` : ""}`;
}

export function go(address) {
  if (location.hash === address) refresh();
  else location.hash = address;
}

let render = () => {};
export function onRefresh(run) { render = run; }
// refresh shows the page that is shown anew.
export const refresh = () => render();

// match finds the page of an address, with what its segments and query say.
export function match(pages, hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const segments = path.split("/").filter((part) => part !== "");
  for (const page of pages) {
    const parts = page.path === "" ? [] : page.path.split("/");
    if (parts.length !== segments.length) continue;
    const params = { query: new URLSearchParams(query) };
    if (parts.every((part, i) => (part.startsWith(":") ? keep(params, part.slice(1), segments[i]) : part === segments[i]))) {
      return { page, params };
    }
  }
  return null;
}

function keep(params, name, segment) {
  try {
    params[name] = decodeURIComponent(segment);
    return true;
  } catch {
    return false;
  }
}
