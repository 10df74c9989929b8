// Duplicates: who of a gallery resembles whom, page by page.
import { at, call, may } from "./api.js";
import { cosine, faces, nameOf, personLink, rarity } from "./answers.js";
import { thumb } from "./photo.js";
import { actions, button, curl, el, field, fill, note, number, plural, progress, say, table } from "./view.js";

export const page = {
  path: "galleries/:gallery/duplicates",
  title: () => "Who is there twice?",
  nav: { label: "Duplicates", group: "gallery", order: 50, text: "Compare all people with all." },
  scope: "search",
  lead: (params) => `All people of ${params.gallery} are compared with all, by the faces that are enrolled. Nothing is changed.`,

  render(main, params, signal) {
    const name = params.gallery;
    const url = at`/v1/galleries/${name}/duplicates`;
    const fpir = field({
      label: "Wanted rate of false finds", name: "fpir", type: "number", value: 0.001, min: 0, max: 1, step: "any",
      hint: "Of each face's search: of 1,000 faces with nobody there twice, 0.001 finds about half a pair.",
    });
    const result = el("div", { class: "answer" });
    const command = curl("GET", url, { query: { fpir: 0.001 } });
    let running = null, shown = 0;
    const start = button("Compare all with all", { kind: "primary", icon: "search", onclick: () => compare() });
    const stop = button("Stop", { kind: "quiet", icon: "cross", onclick: () => running?.abort() });
    stop.hidden = true;
    fpir.input.addEventListener("input", () => command.show("GET", url, { query: { fpir: fpir.value ?? undefined } }));
    fill(main, fpir, actions(start, stop), result, command);
    signal.addEventListener("abort", () => running?.abort());

    async function compare() {
      fpir.fail("");
      if (!(fpir.value > 0 && fpir.value < 1)) {
        fpir.fail("A number between 0 and 1.");
        return;
      }
      running = new AbortController();
      stop.hidden = false;
      const bar = el("div");
      const rows = table({
        caption: "People who are alike", rows: [],
        columns: [
          { name: "One", of: (p) => member(p.a) },
          { name: "The other", of: (p) => member(p.b) },
          { name: "Cosine", of: (p) => cosine(p.cosine), align: "end" },
          { name: "Rarity", of: (p) => rarity(p.score), narrow: false },
        ],
      });
      rows.hidden = true;
      fill(result, bar, rows);
      const total = await count();
      let searched = 0, after, last;
      const lost = [], cut = [];
      try {
        do {
          fill(bar, progress({ label: `${number(searched)} people compared`, value: total ? searched : null, max: total || 1 }));
          const query = { fpir: fpir.value, limit: 500, ...(after ? { after } : {}) };
          last = await call("GET", url, { query, signal: running.signal });
          searched += last.searched;
          lost.push(...(last.not_compared ?? []));
          cut.push(...(last.cut ?? []));
          rows.add(last.pairs, true);
          rows.hidden = rows.rows().length === 0;
          after = last.next;
        } while (after);
        end(`${number(searched)} people, ${faces(last.faces)}: ${pairs(rows.rows().length)}. By chance about ${number(last.faces * fpir.value / 2, { maximumSignificantDigits: 2 })} would be told.`);
      } catch (problem) {
        if (problem.name !== "AbortError") throw problem;
        if (!signal.aborted) end(`Stopped after ${number(searched)} people: ${pairs(rows.rows().length)}.`);
      } finally {
        stop.hidden = true;
      }

      function end(text) {
        fill(bar,
          note(text, rows.rows().length > 0 ? "warn" : "good"),
          lost.length > 0 ? note(`No face of these people can be compared: ${lost.join(", ")}.`, "info") : null,
          cut.length > 0 ? note(`More people are like these than are told: ${cut.join(", ")}.`, "warn") : null);
        say(text);
      }
    }

    function member(m) {
      return el("div", { class: "beside" }, shown++ < 2 * pictured && may("read") ? thumb(at`/v1/galleries/${name}/subjects/${m.subject}/faces/${m.face}/photo`, { size: 48, signal }) : null, personLink(name, m.subject, nameOf(m)));
    }

    // count is how many people there are, or 0 where that may not be asked.
    async function count() {
      if (!may("read")) return 0;
      try {
        return (await call("GET", at`/v1/galleries/${name}/counts`, { signal: running.signal })).subjects;
      } catch {
        return 0;
      }
    }
  },
};

// pictured is how many pairs have pictures: each is a call.
const pictured = 50;

const pairs = (n) => (n === 1 ? "1 pair is alike" : `${plural(n, "pair")} are alike`);
