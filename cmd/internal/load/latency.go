package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// latencies is a histogram of times. Percentiles are at most 0.1 % too high.
type latencies struct {
	histogram            *hdrhistogram.Histogram // of microseconds
	lowest, longest, sum time.Duration
}

// longestLatency is recorded for longer ones too.
const longestLatency = 24 * time.Hour

func newLatencies() *latencies {
	return &latencies{histogram: hdrhistogram.New(1, longestLatency.Microseconds(), 3)}
}

func (l *latencies) record(latency time.Duration) {
	latency = min(max(latency, 0), longestLatency)
	if l.histogram.TotalCount() == 0 || latency < l.lowest {
		l.lowest = latency
	}
	l.longest = max(l.longest, latency)
	l.sum += latency
	_ = l.histogram.RecordValue(latency.Microseconds()) // it is in the range
}

// quantile is never longer than what was recorded.
func (l *latencies) quantile(percentile float64) time.Duration {
	value := time.Duration(l.histogram.ValueAtPercentile(percentile)) * time.Microsecond
	return min(max(value, l.lowest), l.longest)
}

// distribution returns nil if nothing was recorded.
func (l *latencies) distribution() *Distribution {
	count := l.histogram.TotalCount()
	if count == 0 {
		return nil
	}
	return &Distribution{
		Count: count,
		Min:   l.lowest.Seconds(), Mean: l.sum.Seconds() / float64(count), Max: l.longest.Seconds(),
		P50: l.quantile(50).Seconds(), P90: l.quantile(90).Seconds(), P95: l.quantile(95).Seconds(),
		P99: l.quantile(99).Seconds(), P999: l.quantile(99.9).Seconds(),
	}
}
