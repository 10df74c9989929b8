// How the end is handed over: to the page around this one, where it is of an origin
// that the server names, or as a form to the address that the session returns to. It
// never stands in an address, which histories, logs and referrers keep.

import { id, kept } from "./calls.js";

const framed = parent !== window;

// The origin of the page around this one, where the browser tells it: one that the
// server names, since it could not be framed otherwise.
const around = framed ? location.ancestorOrigins?.[0] : undefined;
export const framers = around ? [around] : [];

export function tell(end, origins) {
  if (!framed) return;
  const message = end.error
    ? { type: "face_session.failed", sessionId: id, error: end.error, ...(end.jwsResult && { jwsResult: end.jwsResult }) }
    : { type: "face_session.completed", sessionId: id, jwsResult: end.jwsResult };
  for (const origin of origins) {
    // The browser delivers only to the origin that is named.
    if (around === undefined || around === origin) parent.postMessage(message, origin);
  }
}

// returns tells whether there is a way back from here.
export const returns = (address) => Boolean(address) && !framed;

export function takeBack(end, address) {
  kept.returned = true;
  const form = document.createElement("form");
  form.method = "post";
  form.action = address;
  const fields = { sessionId: id, error: end.error, jwsResult: end.jwsResult };
  for (const [name, value] of Object.entries(fields)) {
    if (!value) continue;
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}
