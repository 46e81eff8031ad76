package conformance

import (
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// Compare returns what cannot be between two readings of one target: counters
// and histograms that went down, and series that are gone.
func (c Checker) Compare(before, after *Exposition) []Finding {
	r := newReview(c, after)
	r.found = findings{}
	if before.started != 0 && after.started != 0 && before.started != after.started {
		r.add(Warning, Restarted, "", position{}, "check again", "the process restarted between the readings, so they were not compared")
		return r.found.all()
	}
	r.compare(before, after)
	return r.found.all()
}

func (r *review) compare(before, after *Exposition) {
	var keys seriesKeys
	now := make(map[seriesKey]sample)
	for _, family := range after.Families {
		for _, s := range family.samples {
			now[keys.of(s)] = s
		}
	}
	for _, family := range before.Families {
		metric, ok := r.metric(family)
		if !ok {
			continue
		}
		grows := metric.Kind == contract.Counter || metric.Kind == contract.Histogram
		for _, s := range family.samples {
			then, ok := now[keys.of(s)]
			switch {
			case !ok:
				r.add(Warning, Vanished, metric.Name, position{}, "a series exists until the process ends, unless idle series are removed",
					"%s%s was not there any more", s.name, short(s.series()))
			case grows && then.value < s.value && then.start == s.start && !strings.HasSuffix(s.name, "_created"):
				r.wrong(Decreased, metric, then, then.at, "it may only increase while the process runs",
					"%s went from %v to %v", s.name, s.value, then.value)
			}
		}
	}
}
