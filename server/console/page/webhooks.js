// Webhooks: where events are sent, what was sent, and what receivers said.

import { at, call, each, pageOf } from "./api.js";
import { el, fill, actions, ask, badge, button, confirm, curl, dialog, empty, facts, field, note, number, plural, section, segmented, table, toast, took, when } from "./view.js";
import { go, href, refresh } from "./route.js";
import { again } from "./poll.js";
import { status } from "./statuses.js";
import { copied } from "./command.js";

const one = "webhooks/:webhook", delivery = "webhooks/:webhook/deliveries/:delivery";

// The types of events, as the guide of webhooks has them.
export const types = {
  "attempt.created": "somebody began to show who they are",
  "attempt.status_changed": "such an attempt was closed or reviewed",
  "user.created": "a user was registered",
  "user.deleted": "a user was deleted",
  "import.finished": "an import has ended",
  "face_session.completed": "a face session has a result",
};

const state = (is) => status(is, { pending: "waits", failed: "given up" });

export const list = {
  path: "webhooks",
  title: "Webhooks",
  nav: { label: "Webhooks", group: "server", order: 40, icon: "bell" },
  scope: "webhooks",
  async render(main, params, signal) {
    const all = [];
    for await (const w of each("/v1/webhooks", { items: "webhooks", signal })) all.push(w);
    const more = button("Add a webhook", { kind: all.length ? "" : "primary", icon: "add", onclick: add });
    if (all.length === 0) {
      return empty(main, {
        heading: "Nothing is sent anywhere yet", icon: "bell", action: more,
        text: "A webhook tells a server of yours what happens here: signed, and again until it has taken it.",
      });
    }
    fill(main, el("div", { class: "row apart" }, el("p", { class: "soft" }, plural(all.length, "webhook")), more),
      table({
        caption: "Webhooks", rows: all,
        columns: [
          { name: "Where to", of: (w) => el("a", { href: href(one, { webhook: w.id }) }, w.url) },
          { name: "For", of: (w) => w.description || "–" },
          { name: "Events", of: (w) => (w.types.length ? w.types.join(", ") : "all") },
          { name: "Status", of: (w) => enabled(w) },
          { name: "Changed", narrow: false, of: (w) => when(w.updated_at, { relative: true }) },
        ],
      }), curl("GET", "/v1/webhooks"));
  },
};

const enabled = (w) => (w.enabled ? badge("on", "good") : badge(w.disabled_reason === "gone" ? "off: the receiver is gone" : "off", "warn"));

// fieldsOf are what an owner says of a webhook.
function fieldsOf(w = {}) {
  const format = w.format ?? "standard";
  const checks = el("fieldset", { class: "checks" }, el("legend", null, "Events"), el("p", { class: "hint" }, "None chosen means all."),
    el("div", null, Object.entries(types).map(([name, means]) => field({ label: name, hint: means, name, type: "checkbox", value: w.types?.includes(name) ?? false }))));
  const chosen = () => Object.keys(types).filter((name) => checks.querySelector(`input[name="${name}"]`).checked);
  // Of the format uqudo alone: how the receiver knows who sends.
  const known = (!w.id || format === "uqudo") && [
    field({ label: "User", name: "user", hint: w.id ? "Left empty, nothing changes." : "How the receiver knows who sends, where it wants to." }),
    field({ label: "Password", name: "password", type: "password", autocomplete: "new-password" }),
  ];
  const choose = (to) => { for (const f of known || []) f.hidden = to !== "uqudo"; };
  choose(format);
  return {
    fields: [
      field({ label: "Address", name: "url", type: "url", required: true, value: w.url, hint: "An https address that the server can reach." }),
      field({ label: "What it is for", name: "description", value: w.description, maxlength: 256 }),
      !w.id && field({
        label: "Format", name: "format", type: "select",
        options: [{ value: "standard", text: "Standard Webhooks" }, { value: "uqudo", text: "uqudo" }], onchange: choose,
        hint: "Standard Webhooks has every event, signed. uqudo has the results of face sessions alone.",
      }),
      ...(known || []),
      field({ label: "Ask the receiver first whether it answers a challenge", name: "verify", type: "checkbox" }),
      checks,
    ],
    values: ({ url, description, format, user, password, verify }) => ({
      url, description, verify, types: chosen(), ...(format && { format }), ...(user && (format ?? w.format) === "uqudo" && { authentication: { user, password } }),
    }),
  };
}

async function add() {
  const { fields, values } = fieldsOf();
  const made = await ask({ heading: "Add a webhook", yes: "Add it", fields, run: (v) => call("POST", "/v1/webhooks", { json: values(v) }) });
  if (!made) return;
  await told(made, "The webhook is added");
  go(href(one, { webhook: made.id }));
}

// told shows a secret, which cannot be had again.
async function told(w, heading) {
  if (!w.secret) return;
  await dialog({
    heading,
    body: [
      el("p", null, "Its secret verifies what is sent. It is shown once: keep it where the receiver reads it."),
      el("div", { class: "secret row apart" }, el("code", { translate: "no" }, w.secret),
        button("Copy", { icon: "copy", kind: "quiet", onclick: async () => { await copied(w.secret); toast("The secret is copied."); } })),
    ],
    actions: [{ text: "It is kept", kind: "primary", value: true }],
  });
}

export const page = {
  path: one,
  title: "Webhook",
  nav: { under: "webhooks" },
  scope: "webhooks",
  crumbs: () => [{ text: "Webhooks", href: href("webhooks") }],
  async render(main, params, signal) {
    const path = at`/v1/webhooks/${params.webhook}`;
    const w = await call("GET", path, { signal });
    const sent = deliveries(w, signal);
    fill(main,
      section("What it is", el("div", { class: "stack" }, facts([
        ["Where to", el("span", { class: "wrap" }, w.url)], ["For", w.description || "–"], ["Status", enabled(w)],
        ["Events", w.types.length ? w.types.join(", ") : "all"], ["Format", w.format],
        ["Answered a challenge", when(w.verified_at)], ["Made", when(w.created_at)],
        w.authentication && ["Known by", w.authentication.scheme === "basic" ? `user ${w.authentication.user}` : w.authentication.scheme === "header" ? `header ${w.authentication.header}` : "nothing"],
        w.public_keys.length > 0 && ["Public keys", w.public_keys.map((key) => el("code", { class: "line" }, key))],
      ]),
      w.format === "standard" && w.public_keys.length === 0 && note("Its keys were sealed under a secret that this server does not have. Rotate them.", "warn"),
      actions(
        button("Send a test", { icon: "bell", kind: "primary", disabled: !w.enabled, onclick: async () => { await call("POST", `${path}/test`); toast("A test is on its way."); sent.refresh(); } }),
        button("Change", { icon: "sliders", onclick: () => change(w, path) }),
        button(w.enabled ? "Turn off" : "Turn on", {
          onclick: async () => {
            await call("PATCH", path, { json: { enabled: !w.enabled } });
            toast(w.enabled ? "Nothing is sent to it any more." : "Events are sent to it from now on.");
            if (!signal.aborted) refresh();
          },
        }),
        w.format === "standard" && button("Rotate the secret", { icon: "key", onclick: () => rotate(path) }),
        button("Delete", {
          icon: "trash", kind: "danger",
          onclick: async () => {
            if (!await confirm({ heading: "Delete the webhook?", text: "Nothing more is sent to it, and its log goes.", yes: "Delete it", danger: true })) return;
            await call("DELETE", path);
            toast("The webhook is deleted.");
            go(href("webhooks"));
          },
        })))),
      section("What was sent", sent), curl("GET", path));
  },
};

async function change(w, path) {
  const { fields, values } = fieldsOf(w);
  const done = await ask({ heading: "Change the webhook", fields: fields.filter(Boolean), run: (v) => call("PATCH", path, { json: values(v) }) });
  if (!done) return;
  toast("The webhook is changed.");
  refresh();
}

async function rotate(path) {
  const hours = field({
    label: "How long both sign", name: "overlap", type: "select", value: "86400",
    options: [{ value: "86400", text: "a day" }, { value: "3600", text: "an hour" }, { value: "604800", text: "a week" }, { value: "0", text: "not at all: the old one is known to others" }],
  });
  const w = await ask({
    heading: "Rotate the secret", text: "A new secret signs from now on, and the old one beside it for a while, so that the receiver can change over.", yes: "Rotate it",
    fields: [hours], run: ({ overlap }) => call("POST", `${path}/rotate`, { json: { overlap_seconds: Number(overlap) } }),
  });
  if (!w) return;
  await told(w, "The new secret");
  refresh();
}

// deliveries are those of a webhook, and what can be sent anew.
function deliveries(w, signal) {
  const path = at`/v1/webhooks/${w.id}`;
  const body = el("div");
  let only = "";
  const show = async () => {
    const found = await pageOf(`${path}/deliveries`, { items: "deliveries", signal, query: { state: only || undefined, limit: 50 } });
    fill(body, found.rows.length === 0 ? el("p", { class: "soft" }, only ? "There is no such delivery." : "Nothing was sent yet.") : table({
      caption: "Deliveries, the newest first", ...found,
      columns: [
        { name: "When", of: (d) => el("a", { href: href(delivery, { webhook: w.id, delivery: d.id }) }, when(d.created_at)) },
        { name: "Event", of: (d) => d.type },
        { name: "Status", of: (d) => state(d.state) },
        { name: "Sent", align: "end", of: (d) => plural(d.attempt_count, "time") },
        { name: "Last answer", of: (d) => (d.last_attempt ? d.last_attempt.fault || `status ${d.last_attempt.status}` : "–") },
        { name: "Next", narrow: false, of: (d) => when(d.next_at) },
      ],
    }));
    return found.rows.some((d) => d.state === "pending" && d.attempt_count === 0);
  };
  const failed = (problem) => { if (!signal.aborted) toast(problem.message, { tone: "bad" }); };
  const choice = segmented({
    label: "Show", value: "", onchange: (to) => { only = to; show().catch(failed); },
    options: [{ value: "", text: "All" }, { value: "pending", text: "Waiting" }, { value: "delivered", text: "Delivered" }, { value: "failed", text: "Given up" }],
  });
  const anew = button("Send all that was given up", {
    icon: "undo", kind: "quiet", disabled: !w.enabled,
    onclick: async () => {
      const { deliveries: n } = await call("POST", `${path}/redeliver`, { json: {} });
      toast(n === 0 ? "Nothing was given up." : `${plural(n, "delivery", "deliveries")} sent anew.`);
      await show();
    },
  });
  const node = el("div", { class: "stack" }, el("div", { class: "row apart" }, choice, anew), body);
  node.refresh = () => {
    show().catch(failed);
    let looks = 0;
    again(1000, signal, async () => !await show() || ++looks > 30);
  };
  show().catch(failed);
  return node;
}

export const sent = {
  path: delivery,
  title: "Delivery",
  nav: { under: "webhooks" },
  scope: "webhooks",
  crumbs: (params) => [{ text: "Webhooks", href: href("webhooks") }, { text: "Webhook", href: href(one, params) }],
  async render(main, params, signal) {
    const path = at`/v1/webhooks/${params.webhook}/deliveries/${params.delivery}`;
    const [w, d] = await Promise.all([call("GET", at`/v1/webhooks/${params.webhook}`, { signal }), call("GET", path, { signal })]);
    const attempts = [...(d.attempts ?? [])].reverse();
    fill(main,
      section("What it is", el("div", { class: "stack" }, facts([
        ["Event", d.type], ["Status", state(d.state)], ["Sent", plural(d.attempt_count, "time")],
        ["Made", when(d.created_at)], ["Next try", when(d.next_at)], ["Ended", when(d.ended_at)],
      ]), actions(button("Send it anew", {
        icon: "undo", kind: "primary", disabled: !w.enabled || !d.body,
        onclick: async () => {
          await call("POST", `${path}/redeliver`);
          toast("It is on its way again, with the same id.");
          if (!signal.aborted) refresh();
        },
      })))),
      section("The request", text(w.format === "standard"
        ? `POST ${w.url}\ncontent-type: application/json\nwebhook-id: ${d.webhook_id}\nwebhook-timestamp: ${attempts[0] ? Math.floor(new Date(attempts[0].at) / 1000) : "…"}\nwebhook-signature: …`
        : `POST ${w.url}\ncontent-type: application/json`, "The request’s headers"),
      d.body ? text(JSON.stringify(d.body, null, 2), "The request’s body") : note("What was sent is erased, since all its receivers have taken it.")),
      section("Tries and answers", attempts.length === 0 ? el("p", { class: "soft" }, "It was not sent yet.") : el("ol", { class: "tries" }, attempts.map((a) =>
        el("li", null,
          el("p", null, el("strong", null, `Try ${number(a.number)}`), " ", a.status ? badge(`status ${a.status}`, a.fault ? "bad" : "good") : badge("no answer", "bad"), " ", when(a.at), el("span", { class: "soft" }, `, ${took(a.took_ms / 1000)}`)),
          a.fault && el("p", null, a.fault),
          a.answer ? text(a.answer, `What the receiver said to try ${a.number}`) : el("p", { class: "soft small" }, "Nothing is kept of an answer."))))),
      curl("GET", path));
    if (d.state === "pending") {
      let looks = 0;
      again(1500, signal, async () => {
        const now = await call("GET", path, { signal });
        if (now.attempt_count === d.attempt_count && now.state === d.state) return ++looks > 60;
        refresh();
        return true;
      });
    }
  },
};

// text is a stranger's, shown as it is.
const text = (what, label) => el("pre", { tabindex: "0", role: "region", "aria-label": label }, el("code", { translate: "no" }, what));
