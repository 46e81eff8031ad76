// The page of moving charts. It reads the page of metrics every few seconds while
// somebody looks, and keeps what it read in the browser.

import { Chart, element } from "./chart.mjs";
import { parse } from "./exposition.mjs";
import { History } from "./history.mjs";
import { figure } from "./lines.mjs";
import { text, timeOfDay } from "./number.mjs";

const every = 2; // seconds between two readings
const patience = 10; // seconds that a reading may take
const longest = 15; // minutes that are kept
const mostErrors = 10; // rows of the last errors

const at = (id) => document.getElementById(id);

class Page {
  #match = {}; // label and value of each filter that is set
  #errors = [];
  #timer = 0;
  #reading = false;

  constructor(config) {
    this.config = config;
    this.history = new History(kinds(config), longest * 60);
    const minutes = Number(at("minutes").value);
    this.charts = config.panels.map((panel) => new Chart(panel, minutes));
    at("panels").prepend(...this.charts.map(({ root }) => root));
    document.title = `${config.title} · live`;
    at("title").textContent = config.title;
    at("minutes").addEventListener("change", () => this.charts.forEach((chart) => chart.redraw(Number(at("minutes").value))));
    at("pause").addEventListener("click", () => this.#pause());
    document.addEventListener("visibilitychange", () => this.#schedule(0));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.charts.forEach((chart) => chart.redraw()));
    this.#schedule(0);
  }

  get #stopped() {
    return document.hidden || at("pause").getAttribute("aria-pressed") === "true";
  }

  #pause() {
    const paused = at("pause").getAttribute("aria-pressed") !== "true";
    at("pause").setAttribute("aria-pressed", paused);
    this.#schedule(0);
  }

  // A page that is hidden or paused asks for nothing.
  #schedule(seconds) {
    clearTimeout(this.#timer);
    if (!this.#stopped) this.#timer = setTimeout(() => this.#read(), seconds * 1000);
  }

  async #read() {
    if (this.#reading) return;
    this.#reading = true;
    try {
      const page = await ask(this.config.metrics, "text/plain;version=0.0.4");
      this.#add(Date.now() / 1000, parse(page, (name) => this.history.kind(name) !== undefined));
      this.#say("");
    } catch (error) {
      this.#say(`The metrics cannot be read: ${error.message}. ${this.#since()} It tries again every ${every} seconds.`);
    } finally {
      this.#reading = false;
      this.#schedule(every);
    }
  }

  #add(time, samples) {
    this.history.add(time, samples);
    this.#noteErrors();
    at("read").textContent = timeOfDay(time);
    at("panels").hidden = false;
    at("read").dateTime = new Date(time * 1000).toISOString();
    at("absent").hidden = samples.length > 0;
    this.#filters();
    this.#draw();
  }

  #draw() {
    for (const chart of this.charts) chart.draw(this.history, this.#match);
    at("tiles").replaceChildren(
      ...this.config.tiles.flatMap((tile) => {
        const value = figure(tile, this.history, this.#match);
        if (value === null && !tile.of.some(({ metric }) => this.#known(metric))) return [];
        return element("div", { id: tile.id }, element("dt", {}, tile.title), element("dd", {}, element("data", { value: value ?? "" }, text(value, tile.unit))));
      }),
    );
    const matches = Object.entries(this.#match);
    const shown = this.#errors.filter(({ labels }) => matches.every(([label, value]) => (labels[label] ?? "") === value)).slice(0, mostErrors);
    at("errors").hidden = !this.#known(this.config.errors.metric);
    at("no-errors").hidden = shown.length > 0;
    at("error-table").hidden = shown.length === 0;
    at("error-rows").replaceChildren(
      ...shown.map(({ time, labels, count }) =>
        element("tr", {}, element("td", {}, timeOfDay(time)), element("td", {}, labels[this.config.errors.by] ?? ""), element("td", {}, `${count}`)),
      ),
    );
  }

  #known(metric) {
    return [metric, `${metric}_bucket`].some((name) => this.history.series(name, {}).length > 0);
  }

  // What the counters of errors grew by since the reading before.
  #noteErrors() {
    const last = this.history.times.length - 1;
    if (last < 1) return;
    for (const { labels, points } of this.history.series(this.config.errors.metric, {})) {
      const count = points[last] - points[last - 1];
      if (count > 0) this.#errors.unshift({ time: this.history.times[last], labels, count });
    }
    this.#errors.length = Math.min(this.#errors.length, 10 * mostErrors);
  }

  // A filter is offered where a label has several values.
  #filters() {
    for (const { label, title } of this.config.filters) {
      const values = this.history.values(label);
      const id = `filter-${label}`;
      let select = at(id);
      if (!select) {
        if (values.length < 2) continue;
        select = element("select", { id });
        select.addEventListener("change", () => {
          if (select.value === "") delete this.#match[label];
          else this.#match[label] = JSON.parse(select.value);
          this.#draw();
        });
        at("filters").append(element("label", { for: id }, title), select);
      }
      const options = [["all", ""], ...values.map((value) => [value, JSON.stringify(value)])];
      if (select.options.length === options.length) continue;
      const chosen = select.value;
      select.replaceChildren(...options.map(([name, value]) => element("option", { value }, name)));
      select.value = chosen;
    }
  }

  // What the numbers on the page are worth while nothing can be read.
  #since() {
    const last = this.history.times.at(-1);
    return last === undefined ? "The page has nothing to show yet." : `All numbers on the page are those of ${timeOfDay(last)}.`;
  }

  #say(problem) {
    if (at("problem").textContent !== problem) at("problem").textContent = problem;
    at("problem").hidden = problem === "";
  }
}

// Returns the body of an answer. Each browser has its own words for a server that does not
// answer, so the errors here have ours.
async function ask(url, accept) {
  let answer, body;
  try {
    answer = await fetch(url, { headers: { Accept: accept }, cache: "no-store", signal: AbortSignal.timeout(patience * 1000) });
    body = await answer.text();
  } catch (error) {
    throw new Error(error.name === "TimeoutError" ? `the service did not answer within ${patience} seconds` : "the service does not answer");
  }
  if (!answer.ok) throw new Error(`the answer was ${answer.status} ${answer.statusText}, ${body.trim().slice(0, 400)}`);
  return body;
}

// The kind of each sample by its name.
function kinds(config) {
  const all = new Map();
  for (const { kind, sources } of config.panels) {
    for (const { metric } of sources) {
      if (kind !== "histogram") all.set(metric, kind);
      else for (const end of ["_bucket", "_count"]) all.set(metric + end, "counter");
    }
  }
  return (name) => all.get(name);
}

try {
  new Page(JSON.parse(await ask("live/config.json", "application/json")));
} catch (error) {
  at("problem").textContent = `The page cannot start: ${error.message}. Load it again.`;
  at("problem").hidden = false;
}
