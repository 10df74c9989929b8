// Keys: who may call, and what each may do.

import { at, call, each, pageOf } from "./api.js";
import { el, fill, actions, ask, badge, button, confirm, curl, dialog, field, note, table, toast, when } from "./view.js";
import { copied } from "./command.js";
import { refresh } from "./route.js";

export const page = {
  path: "keys",
  title: "Keys",
  nav: { label: "Keys", group: "server", order: 90 },
  scope: "keys",
  lead: "Programs and people call the server with keys. A key that is made here may do no more than yours.",
  async render(main, params, signal) {
    const list = await pageOf("/v1/keys", { items: "keys", signal });
    fill(main,
      el("div", { class: "row apart" }, el("span"), button("Make a key", { kind: "primary", icon: "add", onclick: () => make(signal) })),
      table({
        caption: "Keys of this tenant", rows: list.rows, more: list.more,
        columns: [
          { name: "Name", of: (k) => el("span", null, k.name || el("span", { class: "soft" }, "without a name"), k.current && [" ", badge("yours", "info")]) },
          { name: "Id", of: (k) => el("code", null, k.id), narrow: false },
          { name: "May", of: (k) => el("span", { class: "badges" }, k.scopes.includes("*") ? badge("everything", "warn") : k.scopes.slice(0, 4).map((s) => badge(s)), k.scopes.length > 4 && badge(`+ ${k.scopes.length - 4}`)) },
          { name: "Made", of: (k) => (k.made_by ? el("span", null, when(k.created_at), " by ", el("code", null, k.made_by)) : when(k.created_at)) },
          { name: "State", of: state },
          { name: "", label: "What to do", of: (k) => (k.revoked_at ? null : button("Revoke", { kind: "quiet", class: "small", label: `Revoke ${k.name || k.id}`, onclick: () => revoke(k) })) },
        ],
      }),
      curl("GET", "/v1/keys"));
  },
};

function state(k) {
  if (k.damaged) return badge("damaged", "bad");
  if (k.revoked_at) return badge("revoked", "bad");
  if (k.ends_at && new Date(k.ends_at) <= new Date()) return badge("ended");
  return k.ends_at ? el("span", null, badge("valid", "good"), " until ", when(k.ends_at)) : badge("valid", "good");
}

async function revoke(k) {
  // Keys that it made go with it, and yours may be one of them.
  const keys = new Map();
  for await (const one of each("/v1/keys", { items: "keys" })) keys.set(one.id, one);
  const mine = [...keys.values()].find((one) => one.current);
  const yours = madeBy(k, mine, keys);
  const self = k.current ? " It is the key that you are signed in with: you are signed out, too." : "";
  const keep = field({
    label: "Keep the keys that it made", name: "keep", type: "checkbox", value: yours,
    hint: yours && "It made the key that you are signed in with, or what made that: unless they are kept, you are signed out, and your key is revoked, too.",
  });
  const made = [...keys.values()].some((one) => one.made_by === k.id);
  const text = `The next call with it is refused, and browsers that signed in with it are signed out; so it is with the keys that it made, and those that these made, unless they are kept. It cannot be taken back.${self}`;
  const sure = await confirm({
    heading: `Revoke ${k.name || k.id}?`, yes: "Revoke it", danger: true,
    text: made ? [el("p", { class: "soft" }, text), keep] : text,
  });
  if (!sure) return;
  await call("DELETE", at`/v1/keys/${k.id}`, { query: { made: keep.value ? "keep" : "revoke" } });
  toast("The key is revoked.");
  refresh();
}

// madeBy tells whether a key was made by another, or by one that that made.
function madeBy(maker, key, keys) {
  for (const seen = new Set(); key?.made_by && !seen.has(key.id); key = keys.get(key.made_by)) {
    if (key.made_by === maker.id) return true;
    seen.add(key.id);
  }
  return false;
}

const lives = [["", "As long as mine"], ["1", "A day"], ["30", "30 days"], ["365", "A year"]];

async function make(signal) {
  const { scopes } = await call("GET", "/v1/scopes", { signal });
  const given = scopes.filter((s) => s.given);
  const name = field({ label: "Name", name: "name", maxlength: 200, required: true, hint: "Who or what has it, as in door 3." });
  const life = field({ label: "Valid for", name: "life", type: "select", options: lives.map(([value, text]) => ({ value, text })) });
  const boxes = given.map((s) => field({ label: el("span", null, el("code", null, s.name), " ", el("span", { class: "soft small" }, s.allows.replaceAll("`", ""))), name: s.name, type: "checkbox" }));
  const body = () => ({
    name: name.value, scopes: boxes.filter((b) => b.value).map((b) => b.name),
    ...(life.value && { ends_at: new Date(Date.now() + life.value * 86_400_000).toISOString().replace(/\.\d+Z$/, "Z") }),
  });
  const command = curl("POST", "/v1/keys", { json: body() });
  const follow = () => command.show("POST", "/v1/keys", { json: body() });
  for (const f of [name, life, ...boxes]) f.input.addEventListener("input", follow);
  const made = await ask({
    heading: "Make a key", yes: "Make it",
    fields: [name, life, el("fieldset", { class: "checks" }, el("legend", null, "What it may do"), el("div", null, boxes)), command],
    run: () => {
      if (!body().scopes.length) throw new Error("Choose at least one thing that it may do.");
      return call("POST", "/v1/keys", { json: body() });
    },
  });
  if (!made) return;
  await shown(made);
  refresh();
}

// shown tells a key's text, once.
function shown(k) {
  return dialog({
    heading: `${k.name} is made`,
    body: el("div", null,
      note("This is the only time that the key is shown. Copy it to where it is used.", "warn"),
      el("p"), el("p", { class: "secret" }, el("code", { translate: "no", id: "new-key" }, k.key)),
      actions(button("Copy", { icon: "copy", onclick: async () => { await copied(k.key); toast("The key is copied."); } }))),
    actions: [{ text: "Done", kind: "primary", value: true }],
  });
}
