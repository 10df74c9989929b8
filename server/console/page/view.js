// What pages are made of, in one place to import it from.

export { el, svg, fill } from "./element.js";
export { icon } from "./icon.js";
export { number, percent, rate, bytes, took, when, plural } from "./words.js";
export { say, toast } from "./live.js";
export { button, link, actions, badge, note, card, cards, facts, section, figure, progress } from "./parts.js";
export { field, form, segmented } from "./form.js";
export { dialog, confirm, ask } from "./dialog.js";
export { table } from "./table.js";
export { tabs } from "./tabs.js";
export { curl } from "./command.js";
export { loading, empty, failed, denied, explained } from "./states.js";
