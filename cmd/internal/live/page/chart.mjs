// One panel of the page: a chart, and its numbers as a table.

import { lines } from "./lines.mjs";
import { text, timeOfDay, total } from "./number.mjs";

/* global uPlot */

const colors = 8; // of page.css; further lines are dashed
const height = 170;

/** Makes an element. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Chart is one panel. */
export class Chart {
  #plot = null;
  #shown = ""; // the names of the lines that are drawn
  #lines = [];
  #times = [];
  #selected = null; // the index of the reading whose values the table has; null for the last

  /** @param {object} panel as config.json has it */
  constructor(panel, minutes) {
    this.panel = panel;
    this.minutes = minutes;
    const title = element("h2", { id: `${panel.id}-title` }, panel.title, " ", element("small", {}, panel.subtitle));
    this.slider = element("div", {
      class: "chart", role: "slider", tabindex: "0", "aria-orientation": "horizontal",
      "aria-labelledby": `${panel.id}-title`, "aria-describedby": "chart-keys",
      "aria-valuemin": "0", "aria-valuemax": "0", "aria-valuenow": "0", "aria-valuetext": "nothing was read yet",
    });
    this.when = element("th", { scope: "col" }, "now");
    this.rows = element("tbody");
    const head = element("tr", {}, element("th", { scope: "col" }, panel.by), this.when);
    if (panel.kind !== "gauge") head.append(element("th", { scope: "col" }, panel.kind === "histogram" ? "count" : "total"));
    this.nothing = element("p", { class: "nothing" }, "Nothing was counted yet.");
    this.table = element("table", { "aria-labelledby": `${panel.id}-title` }, element("thead", {}, head), this.rows);
    this.root = element(
      "section", { class: "panel", id: panel.id, "aria-labelledby": `${panel.id}-title` },
      title, this.slider, this.nothing, this.table,
    );
    this.slider.addEventListener("keydown", (event) => this.#key(event));
    this.slider.addEventListener("blur", () => this.#select(null));
    new ResizeObserver(() => this.#resize()).observe(this.slider);
  }

  /** Draws what the history has. A panel whose metrics are not on the page is hidden. */
  draw(history, match) {
    this.#lines = lines(this.panel, history, match);
    this.#times = history.times;
    const known = this.panel.sources.some(({ metric }) =>
      [metric, `${metric}_bucket`].some((name) => history.series(name, {}).length > 0),
    );
    this.root.hidden = !known;
    const empty = this.#lines.length === 0;
    this.slider.hidden = this.table.hidden = empty;
    this.nothing.hidden = !empty;
    if (!known || empty) return;
    const names = this.#lines.map(({ name }) => name).join("\n");
    if (this.#plot && names !== this.#shown) {
      this.#plot.destroy();
      this.#plot = null;
    }
    this.#shown = names;
    const data = [this.#times, ...this.#lines.map(({ points }) => points)];
    if (this.#plot) this.#plot.setData(data);
    else this.#plot = this.#make(data);
    this.#write();
  }

  /** Draws again, in the colors of another theme or over another time. */
  redraw(minutes = this.minutes) {
    this.minutes = minutes;
    this.#plot?.setData(this.#plot.data);
  }

  #make(data) {
    const axis = { stroke: () => color("--weak"), grid: { stroke: () => color("--grid"), width: 1 }, ticks: { show: false } };
    return new uPlot(
      {
        width: this.slider.clientWidth, height,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, sync: { key: "live" }, points: { size: 7 } },
        scales: {
          x: { range: () => this.#span() },
          y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] },
        },
        axes: [
          { ...axis, space: 70, size: 28, values: (_, splits) => splits.map((at) => timeOfDay(at).slice(0, at % 60 ? 8 : 5)) },
          { ...axis, size: 58, values: (_, splits) => splits.map((value) => text(value, this.panel.unit)) },
        ],
        series: [
          {},
          ...this.#lines.map((_, i) => ({
            stroke: () => color(this.#variable(i)), width: 2, spanGaps: false,
            dash: this.#index(i) >= colors ? [6, 4] : undefined, points: { show: false },
          })),
        ],
        hooks: { setCursor: [(plot) => this.#select(plot.cursor.left >= 0 ? plot.cursor.idx : null)] },
      },
      data,
      this.slider,
    );
  }

  // A page that was just opened shows a minute, so that there is something to see.
  #span() {
    const now = this.#times.at(-1);
    return [Math.max(now - this.minutes * 60, Math.min(this.#times[0], now - 60)), now];
  }

  // The place of a line among the well-known ones, so that it has one color always.
  #index(i) {
    const at = (this.panel.order ?? []).indexOf(this.#lines[i].name);
    return at >= 0 ? at : (this.panel.order ?? []).length + i;
  }

  #variable(i) {
    const tone = this.panel.tones?.[this.#lines[i].name];
    return tone ? `--${tone}` : `--line-${this.#index(i) % colors}`;
  }

  #select(index) {
    this.#selected = index;
    if (this.#lines.length > 0) this.#write();
  }

  #write() {
    const last = this.#times.length - 1;
    const at = this.#selected ?? last;
    const { unit } = this.panel;
    const value = ({ points, highest }) => (points[at] !== null && points[at] >= highest ? "≥ " : "") + text(points[at], unit);
    const shown = this.#lines.map((line) => `${line.name} ${value(line)}`).join(", ");
    const time = timeOfDay(this.#times[at]);
    this.when.textContent = at === last ? "now" : time;
    this.slider.setAttribute("aria-valuemax", last);
    this.slider.setAttribute("aria-valuenow", at);
    this.slider.setAttribute("aria-valuetext", `${time}: ${shown}`);
    this.rows.replaceChildren(
      ...this.#lines.map((line, i) => {
        const swatch = element("span", { class: `swatch${this.#index(i) >= colors ? " dashed" : ""}`, "aria-hidden": "true" });
        swatch.style.setProperty("--color", `var(${this.#variable(i)})`);
        const row = element("tr", { "data-name": line.name }, element("th", { scope: "row" }, swatch, line.name));
        row.append(element("td", {}, element("data", { value: line.points[at] ?? "" }, value(line))));
        if (this.panel.kind !== "gauge") {
          row.append(element("td", {}, element("data", { value: line.total ?? "" }, total(line.total, unit === "s" ? "" : unit))));
        }
        return row;
      }),
    );
  }

  #key(event) {
    if (!this.#plot) return;
    const last = this.#times.length - 1;
    const at = this.#selected ?? last;
    const steps = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageDown: at - 10, PageUp: at + 10, Home: 0, End: last };
    if (event.key === "Escape") {
      this.#plot.setCursor({ left: -10, top: -10 });
    } else if (event.key in steps) {
      const index = Math.min(Math.max(steps[event.key], 0), last);
      this.#plot.setCursor({ left: this.#plot.valToPos(this.#times[index], "x"), top: 0 }, false);
      this.#select(index);
    } else {
      return;
    }
    event.preventDefault();
  }

  #resize() {
    if (this.#plot && this.slider.clientWidth > 0) this.#plot.setSize({ width: this.slider.clientWidth, height });
  }
}

function color(variable) {
  return getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
}
