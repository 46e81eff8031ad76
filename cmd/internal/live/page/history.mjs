// Keeps what was read from the page of metrics in the last minutes.

/**
 * History keeps the readings of some metrics. Of counters, and of the buckets of
 * histograms, it keeps how much they grew since the first reading: a process that
 * starts anew counts from zero and does not make them fall.
 */
export class History {
  /**
   * @param {(name: string) => "counter" | "gauge" | undefined} kind what a sample's metric is; undefined to leave it out
   * @param {number} seconds how long to keep a reading
   */
  constructor(kind, seconds) {
    this.kind = kind;
    this.seconds = seconds;
    this.times = [];
    this.tracks = new Map(); // of each metric: its series, by their labels
  }

  /**
   * Adds a reading.
   *
   * @param {number} time in seconds
   * @param {{name: string, labels: Record<string, string>, value: number}[]} samples
   */
  add(time, samples) {
    for (const { name, labels, value } of samples) {
      const track = this.#track(name, labels);
      if (track.points.length > this.times.length) continue; // a page may not have a series twice
      if (track.counts) {
        track.grown += this.times.length === 0 ? 0 : growth(track.last, value);
      }
      track.last = value;
      track.points.push(track.counts ? track.grown : value);
    }
    this.times.push(time);
    for (const track of this.#all()) {
      if (track.points.length < this.times.length) {
        // It has ended: it has no value now, and it begins at zero if it comes back.
        track.points.push(track.counts ? track.grown : null);
        track.last = undefined;
      }
    }
    while (this.times[0] < time - this.seconds) {
      this.times.shift();
      for (const track of this.#all()) track.points.shift();
    }
  }

  /**
   * Returns the series of a metric that a filter lets pass.
   *
   * @param {string} name
   * @param {Record<string, string>} match labels and the values that they must have
   */
  series(name, match) {
    const wanted = Object.entries(match);
    return [...(this.tracks.get(name)?.values() ?? [])].filter(({ labels }) =>
      wanted.every(([label, value]) => (labels[label] ?? "") === value),
    );
  }

  /** Returns the values that a label has on the series that are kept, sorted. */
  values(label) {
    const values = new Set();
    for (const { labels } of this.#all()) if (label in labels) values.add(labels[label]);
    return [...values].sort();
  }

  /**
   * Returns, for the reading at an index, that of the reading which is at least so
   * many seconds older, or the oldest.
   */
  before(index, seconds) {
    let from = index;
    while (from > 0 && this.times[index] - this.times[from] < seconds) from--;
    return from;
  }

  #track(name, labels) {
    let series = this.tracks.get(name);
    if (!series) this.tracks.set(name, (series = new Map()));
    const key = JSON.stringify(Object.entries(labels).sort());
    let track = series.get(key);
    if (!track) {
      const counts = this.kind(name) === "counter";
      track = { labels, counts, grown: 0, last: undefined, points: new Array(this.times.length).fill(counts ? 0 : null) };
      series.set(key, track);
    }
    return track;
  }

  *#all() {
    for (const series of this.tracks.values()) yield* series.values();
  }
}

// A series that is new on a page that was read before began at zero.
function growth(last, value) {
  if (Number.isNaN(value)) return 0;
  return last === undefined || Number.isNaN(last) || value < last ? value : value - last;
}

/** Adds the points of several series; null where none has one. */
export function sum(tracks, length) {
  const points = new Array(length).fill(null);
  for (const track of tracks) {
    for (let i = 0; i < length; i++) {
      const point = track.points[i];
      if (point !== null && !Number.isNaN(point)) points[i] = (points[i] ?? 0) + point;
    }
  }
  return points;
}
