package dashboards

import (
	"fmt"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func (p writer) cache() []panel {
	m := p.metrics
	by := []string{p.labels.Service.Key, p.labels.CacheType.Key}
	lookups := []views.Metric{m.CacheHits, m.CacheMisses}
	return []panel{
		{
			kind: lines, width: 12, height: 8, unit: "percentunit", full: true, title: "Hit ratio", needs: lookups, none: "no lookups",
			description: "Share of lookups that found an answer; a gap is a time without lookups. The line is the threshold of DSPyLowCacheHitRate.",
			steps:       []step{{color: "yellow"}, {p.objectives.CacheHitRate, "green"}},
			queries:     []query{{expr: p.hitShare(rate, by...), legend: legend(by...)}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "ops", title: "Hits and misses", needs: lookups, none: "no lookups",
			description: "Lookups per second. A ratio that falls with rising misses is new traffic; one that falls with falling hits is a cache that was emptied.",
			colors:      []color{{" hits$", "green"}, {" misses$", "yellow"}},
			queries: []query{
				{expr: p.total(m.CacheHits, rate, by...), legend: legend(by...) + " hits"},
				{expr: p.total(m.CacheMisses, rate, by...), legend: legend(by...) + " misses"},
			},
		},
		{
			kind: lines, width: 12, height: 8, unit: "bytes", title: "Cache size", needs: []views.Metric{m.CacheSize}, none: "no cache reported",
			description: "Bytes held: the sum over processes, or, of a cache that processes share, what the largest figure says. Flat at its limit means evictions.",
			queries:     []query{{expr: p.cacheSize(by...), legend: legend(by...)}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "ops", title: "Eviction rate", needs: []views.Metric{m.CacheEvictions}, none: "no cache reported",
			description: "Entries per second that made room or expired. Many of them beside many misses: the cache is too small.",
			queries:     []query{{expr: p.total(m.CacheEvictions, rate, by...), legend: legend(by...)}},
		},
	}
}

// cacheSize adds up the caches of processes. Each process reports the whole of
// a shared cache, which must be counted once.
func (p writer) cacheSize(by ...string) string {
	key := p.labels.CacheType.Key
	own := promql.Sum(p.selector(p.metrics.CacheSize, "", fmt.Sprintf("%s!=%q", key, views.CacheRedis)), by...)
	shared := promql.Aggregate("max", p.selector(p.metrics.CacheSize, "", fmt.Sprintf("%s=%q", key, views.CacheRedis)), by...)
	return own + "\nor\n" + shared
}
