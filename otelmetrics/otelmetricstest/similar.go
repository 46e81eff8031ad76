package otelmetricstest

import (
	"cmp"
	"slices"

	"github.com/dspy-metrics/dspy-metrics/internal/spelling"
)

// most is how many other series a message shows.
const most = 3

// similar returns the series that were probably meant.
func (s *Snapshot) similar(want sample) []sample {
	return nearest(want, s.samples, len(want.series())/2)
}

// siblings returns other series of the metric that were measured: what is
// missing in one label value has often gone to another.
func (s *Snapshot) siblings(of sample) []sample {
	var others []sample
	for _, other := range s.samples {
		if other.name == of.name && other.value != 0 && other.series() != of.series() {
			others = append(others, other)
		}
	}
	return nearest(of, others, len(of.series()))
}

// nearest returns the samples whose series differ from that of want in the
// fewest characters, and in less than far.
func nearest(want sample, samples []sample, far int) []sample {
	type candidate struct {
		sample
		distance int
	}
	var candidates []candidate
	for _, s := range samples {
		if d := spelling.Distance(want.series(), s.series()); d < far {
			candidates = append(candidates, candidate{s, d})
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var near []sample
	for _, c := range candidates[:min(len(candidates), most)] {
		near = append(near, c.sample)
	}
	return near
}
