// How the end is handed over: to the page around this one, where it is of an origin
// that the server names, or as a form to the address that the session returns to. It
// never stands in an address, which histories, logs and referrers keep.

import { id, kept } from "./calls.js";

const framed = parent !== window;

export function tell(end, origins) {
  if (!framed) return;
  const message = end.error
    ? { type: "face_session.failed", sessionId: id, error: end.error, ...(end.jwsResult && { jwsResult: end.jwsResult }) }
    : { type: "face_session.completed", sessionId: id, jwsResult: end.jwsResult };
  const around = location.ancestorOrigins?.[0];
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
