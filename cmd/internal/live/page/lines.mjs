// Makes the lines of a chart, and the numbers of the page, from what was read.

import { sum } from "./history.mjs";
import { quantile } from "./quantile.mjs";

/** Each rate and each quantile is of so many seconds before its point. */
export const smoothing = 30;

const quantiles = { P50: 0.5, P95: 0.95, P99: 0.99 };

/** The most lines of one chart. Those with the smallest totals are added up. */
const most = 10;

/**
 * Returns the lines of a panel: name, points of each reading, and the total since the
 * process began, which is what the page of metrics says.
 */
export function lines(panel, history, match) {
  switch (panel.kind) {
    case "histogram":
      return panel.sources.flatMap((source) => quantileLines(source.metric, history, match));
    case "gauge":
      return grouped(panel.sources, history, match).map((group) => gaugeLine(group, history));
    default:
      return fold(
        grouped(panel.sources, history, match).map((group) => counterLine(group, history, panel.per)),
        panel,
      );
  }
}

function gaugeLine({ name, tracks }, history) {
  return { name, points: sum(tracks, history.times.length), total: null };
}

function counterLine({ name, tracks }, history, per) {
  const grown = sum(tracks, history.times.length);
  return { name, points: rates(grown, history, per), total: latest(tracks) };
}

function quantileLines(metric, history, match) {
  const names = Object.keys(quantiles);
  const found = buckets(metric, history, match);
  if (found.length === 0) return [];
  const points = history.times.map((_, index) => spread(found, history, index));
  const total = latest(history.series(`${metric}_count`, match));
  // A quantile in the last bucket is only known to be at least this.
  const highest = Math.max(...found.map(([bound]) => bound).filter(Number.isFinite));
  return names.map((name) => ({ name, points: points.map((q) => q[name]), total, highest }));
}

// The buckets of a histogram, with the sums over its series.
function buckets(metric, history, match) {
  const bounds = new Map();
  for (const track of history.series(`${metric}_bucket`, match)) {
    const bound = /^\+?Inf$/i.test(track.labels.le) ? Infinity : Number(track.labels.le);
    bounds.set(bound, [...(bounds.get(bound) ?? []), track]);
  }
  return [...bounds].map(([bound, tracks]) => [bound, sum(tracks, history.times.length)]);
}

// The quantiles of the observations before a reading.
function spread(found, history, index) {
  const from = history.before(index, smoothing);
  const counts = found.map(([bound, grown]) => [bound, grown[index] - grown[from]]);
  return Object.fromEntries(Object.entries(quantiles).map(([name, q]) => [name, quantile(q, counts)]));
}

function rates(grown, history, per) {
  return history.times.map((time, index) => {
    const from = history.before(index, smoothing);
    return from === index ? null : (per * (grown[index] - grown[from])) / (time - history.times[from]);
  });
}

// The series of the sources, by the value of a source's label or else by its name.
function grouped(sources, history, match) {
  const groups = new Map();
  for (const { metric, name, by, match: own } of sources) {
    for (const track of history.series(metric, { ...match, ...own })) {
      const key = by ? (track.labels[by] ?? "") : name;
      groups.set(key, [...(groups.get(key) ?? []), track]);
    }
  }
  return [...groups].map(([key, tracks]) => ({ name: key, tracks }));
}

function latest(tracks) {
  const values = tracks.map(({ last }) => last).filter((value) => typeof value === "number" && !Number.isNaN(value));
  return values.length === 0 ? null : values.reduce((a, b) => a + b, 0);
}

// Leaves out what never happened, puts well-known names first, and adds up what is
// too much for one chart.
function fold(all, { order = [], always = false }) {
  const place = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
  const shown = all
    .filter((line) => always || line.total > 0 || line.points.some((point) => point > 0))
    .sort((a, b) => place(a.name) - place(b.name) || (a.name < b.name ? -1 : 1));
  if (shown.length <= most) return shown;
  const kept = new Set([...shown].sort((a, b) => b.total - a.total).slice(0, most - 1));
  const rest = shown.filter((line) => !kept.has(line));
  return [
    ...shown.filter((line) => kept.has(line)),
    {
      name: `${rest.length} more`,
      points: rest[0].points.map((_, i) => rest.reduce((total, line) => total + (line.points[i] ?? 0), 0)),
      total: rest.every((line) => line.total === null) ? null : rest.reduce((total, line) => total + line.total, 0),
    },
  ];
}

/** Returns the number of a tile at the last reading, or null where there is none. */
export function figure(tile, history, match) {
  const last = history.times.length - 1;
  if (last < 0) return null;
  switch (tile.kind) {
    case "gauge":
      return latest(history.series(tile.of[0].metric, match));
    case "quantile":
      return spread(buckets(tile.of[0].metric, history, match), history, last)[tile.quantile];
    default: {
      const from = history.before(last, smoothing);
      if (from === last) return null;
      const grown = (sources) => {
        const found = sources.flatMap(({ metric, match: own }) => history.series(metric, { ...match, ...own }));
        const points = sum(found, history.times.length);
        return found.length === 0 ? null : points[last] - points[from];
      };
      const of = grown(tile.of);
      if (of === null) return null;
      if (!tile.over) return (tile.per * of) / (history.times[last] - history.times[from]);
      const over = grown(tile.over);
      return over > 0 ? of / over : null;
    }
  }
}
