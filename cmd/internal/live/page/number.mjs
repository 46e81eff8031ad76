// Writes numbers as people read them.

const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, notation: "compact" });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });

/** Returns the text of a value in a unit; a dash where there is none. */
export function text(value, unit) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  switch (unit) {
    case "s":
      return duration(value);
    case "USD":
      return `$${value !== 0 && Math.abs(value) < 0.01 ? value.toPrecision(2) : plain.format(value)}`;
    case "%":
      return `${plain.format(100 * value)} %`;
    default:
      return plain.format(value);
  }
}

/** Returns the text of a total, which is not rounded to three digits. */
export function total(value, unit) {
  if (value === null || value === undefined) return "";
  return `${unit === "USD" ? "$" : ""}${whole.format(value)}`;
}

function duration(exactly) {
  const seconds = Number(exactly.toPrecision(3)); // so that 999.9 µs are 1 ms
  if (seconds === 0) return "0 s";
  if (seconds < 0.001) return `${plain.format(seconds * 1e6)} µs`;
  if (seconds < 1) return `${plain.format(seconds * 1e3)} ms`;
  return `${plain.format(seconds)} s`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** Returns the time of day of a moment in seconds. */
export function timeOfDay(seconds) {
  return clock.format(new Date(seconds * 1000));
}
