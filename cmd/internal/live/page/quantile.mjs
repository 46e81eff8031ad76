// Estimates quantiles from the buckets of a histogram, as Prometheus does in
// histogram_quantile.

/**
 * Returns the quantile, or null where there are no observations. A quantile above
 * the highest finite bound is that bound: nothing is known beyond it.
 *
 * @param {number} q the quantile, between 0 and 1
 * @param {[number, number][]} buckets upper bounds and cumulative counts
 * @returns {number | null}
 */
export function quantile(q, buckets) {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  if (sorted.length < 2 || sorted.at(-1)[0] !== Infinity) return null;
  let most = 0;
  for (const bucket of sorted) bucket[1] = most = Math.max(most, bucket[1]); // buckets of several series may be read apart
  if (most === 0) return null;
  const rank = q * most;
  const at = sorted.findIndex(([, count]) => count >= rank);
  const [bound, count] = sorted[at];
  if (bound === Infinity) return sorted.at(-2)[0];
  if (at === 0) return bound <= 0 ? bound : (bound * rank) / count;
  const [start, before] = sorted[at - 1];
  return start + ((bound - start) * (rank - before)) / (count - before);
}
