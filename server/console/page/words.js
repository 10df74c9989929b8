// Numbers and times as the reader writes them.

import { el } from "./element.js";

const locale = navigator.languages?.length ? navigator.languages : undefined;

export const number = (n, options) => new Intl.NumberFormat(locale, options).format(n);

// percent is of a share: 0.01 is 1 %.
export const percent = (share, digits = 2) =>
  new Intl.NumberFormat(locale, { style: "percent", maximumSignificantDigits: Math.max(digits, 1) }).format(share);

// rate is a share that is small, as people say it: 0.001 is 1 in 1,000.
export const rate = (share) => (share > 0 ? `1 in ${number(1 / share, { maximumSignificantDigits: 3 })}` : "never");

export function bytes(n) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  let i = 0;
  while (n >= 1000 && i < units.length - 1) {
    n /= 1000;
    i++;
  }
  return number(n, { style: "unit", unit: units[i], unitDisplay: "short", maximumSignificantDigits: 3 });
}

// took is a time in seconds.
export function took(seconds) {
  if (seconds < 1) return number(seconds * 1000, { style: "unit", unit: "millisecond", maximumSignificantDigits: 3 });
  if (seconds < 120) return number(seconds, { style: "unit", unit: "second", maximumSignificantDigits: 3 });
  if (seconds < 7200) return number(seconds / 60, { style: "unit", unit: "minute", maximumFractionDigits: 0 });
  if (seconds < 172800) return number(seconds / 3600, { style: "unit", unit: "hour", maximumFractionDigits: 0 });
  return number(seconds / 86400, { style: "unit", unit: "day", unitDisplay: "long", maximumFractionDigits: 0 });
}

const spans = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]];

// when is a moment, and relative how long ago it was.
export function when(iso, { relative = false } = {}) {
  const date = new Date(iso);
  if (iso === null || iso === undefined || iso === "" || Number.isNaN(date.getTime())) return el("span", { class: "soft" }, "–");
  const full = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(date);
  return el("time", { datetime: date.toISOString(), title: full }, relative ? ago(date) : full);
}

function ago(date) {
  const seconds = (date - Date.now()) / 1000;
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  for (const [unit, length] of spans) {
    if (Math.abs(seconds) >= length) return format.format(Math.round(seconds / length), unit);
  }
  return format.format(0, "second");
}

// plural is a number with its noun: 1 person, 2 people.
export const plural = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;
