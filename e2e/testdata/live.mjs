// Reads pages of metrics and takes quantiles with the modules of /live, for the tests to
// compare with what Prometheus makes of them.
import { readFileSync } from "node:fs";

import { parse } from "../../cmd/internal/live/page/exposition.mjs";
import { quantile } from "../../cmd/internal/live/page/quantile.mjs";

const { pages, histograms, quantiles } = JSON.parse(readFileSync(0, "utf8"));

function number(value) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return value.toExponential(12).replace(/e([+-])(\d)$/, "e$10$2"); // as Go writes it
}

const texts = ({ name, labels, value }) =>
  `${name}|${Object.entries(labels).map(([key, text]) => `${key}=${text}`).sort().join(",")}|${number(value)}`;

process.stdout.write(JSON.stringify({
  samples: pages.map((page) => parse(readFileSync(page, "utf8"), () => true).map(texts)),
  quantiles: histograms.map((buckets) =>
    quantiles.map((q) => quantile(q, buckets.map(([bound, count]) => [bound === Number.MAX_VALUE ? Infinity : bound, count]))),
  ),
}));
