// Checks what /live keeps of a service that starts anew, and how it writes durations.
import assert from "node:assert/strict";

import { History } from "../../cmd/internal/live/page/history.mjs";
import { lines } from "../../cmd/internal/live/page/lines.mjs";
import { text } from "../../cmd/internal/live/page/number.mjs";

const panel = { kind: "counter", per: 1, sources: [{ metric: "tokens_total", by: "model" }] };
const page = (models) => Object.entries(models).map(([model, value]) => ({ name: "tokens_total", labels: { model }, value }));
const shown = (history) => Object.fromEntries(lines(panel, history, {}).map(({ name, points, total }) => [name, [points.at(-1), total]]));

const history = new History((name) => (name === "tokens_total" ? "counter" : undefined), 600);
history.add(0, page({ a: 100, b: 50 }));
history.add(10, page({ a: 120, b: 60 }));
assert.deepEqual(shown(history), { a: [2, 120], b: [1, 60] });

// The service started anew and has asked one model since. The other one keeps its line, without a total.
history.add(20, page({ a: 20 }));
assert.deepEqual(shown(history), { a: [2, 20], b: [0.5, null] });

// What comes back begins at zero, even above where it was.
history.add(30, page({ a: 20, b: 110 }));
assert.deepEqual(shown(history), { a: [40 / 30, 20], b: [4, 110] });

for (const [seconds, want] of [[0, "0 s"], [0.00003456, "34.6 µs"], [0.0009994, "999 µs"], [0.0009999, "1 ms"], [0.9999, "1 s"], [2.5, "2.5 s"], [null, "–"]]) {
  assert.equal(text(seconds, "s"), want);
}
