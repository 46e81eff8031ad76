// Reads a page of metrics: Prometheus' text format, or OpenMetrics, whose samples
// look the same.

const entry = /\s*(?:"((?:[^"\\]|\\.)*)"|([^\s={},"]+))\s*(?:=\s*"((?:[^"\\]|\\.)*)")?\s*,?\s*/y;
const escapes = { n: "\n", '"': '"', "\\": "\\" };

/**
 * Returns the samples of the wanted metrics, in the order of the page.
 *
 * @param {string} text the page
 * @param {(name: string) => boolean} wanted chooses the samples by the name of their metric
 * @returns {{name: string, labels: Record<string, string>, value: number}[]}
 */
export function parse(text, wanted) {
  const samples = [];
  for (const line of text.split("\n")) {
    const sample = parseLine(line.trim(), wanted);
    if (sample) samples.push(sample);
  }
  return samples;
}

function parseLine(line, wanted) {
  if (line === "" || line[0] === "#") return null;
  const end = line.search(/[{\s]/);
  if (end < 0) return null;
  let name = line.slice(0, end);
  if (name !== "" && !wanted(name)) return null; // most lines end here
  const labels = {};
  let rest = end;
  if (line[end] === "{") {
    entry.lastIndex = end + 1;
    while (line[entry.lastIndex] !== "}") {
      const at = entry.lastIndex;
      const found = entry.exec(line);
      if (!found || entry.lastIndex === at) return null;
      const key = found[1] === undefined ? found[2] : unescape(found[1]);
      if (found[3] === undefined) name = key; // a name in quotes stands among the labels
      else labels[key] = unescape(found[3]);
    }
    rest = entry.lastIndex + 1;
    if (!wanted(name)) return null;
  }
  // A time and an exemplar may follow the value.
  const value = number(line.slice(rest).trim().split(/\s/, 1)[0]);
  return value === null ? null : { name, labels, value };
}

function unescape(text) {
  return text.replace(/\\(.)/g, (whole, character) => escapes[character] ?? whole);
}

function number(text) {
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(text);
  if (infinite) return infinite[1] === "-" ? -Infinity : Infinity;
  if (/^[+-]?nan$/i.test(text)) return NaN;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : null;
}
