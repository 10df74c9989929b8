// The command that does the same as the page.

import { curlOf } from "./api.js";
import { el } from "./element.js";
import { button } from "./parts.js";
import { toast } from "./live.js";
import { icon } from "./icon.js";

// curl shows it on demand; show changes which call it is of.
export function curl(method, path, options = {}) {
  const code = el("code", { translate: "no" });
  const node = el("details", { class: "command" },
    el("summary", null, icon("terminal"), el("span", null, "As a command")),
    el("div", { class: "code" },
      el("pre", { tabindex: "0", role: "region", "aria-label": "The same as a command" }, code),
      button("Copy", {
        kind: "quiet", icon: "copy", class: "small",
        onclick: async () => {
          await copied(code.textContent);
          toast("The command is copied.");
        },
      })),
    el("p", { class: "soft" }, "It reads the server's address from ", el("code", null, "ONETON_URL"), " and an API key from ", el("code", null, "ONETON_KEY"), "."));
  node.show = (method, path, options) => { code.textContent = curlOf(method, path, options); };
  node.show(method, path, options);
  return node;
}

// copied puts a text where the reader can paste it from.
export async function copied(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  throw new Error("The browser copies only on pages over TLS or of this machine; select the text and copy it.");
}
