package load

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

// Progress is how a run goes.
type Progress struct {
	Elapsed        time.Duration // the warmup included
	WarmupRequests int64
	InFlight       int64
	P50, P99       time.Duration
	Counts
}

// String is one line, without the time.
func (p Progress) String() string {
	if p.Requests == 0 && p.WarmupRequests > 0 {
		return fmt.Sprintf("warming up: %d answered, %d in flight", p.WarmupRequests, p.InFlight)
	}
	return fmt.Sprintf("%d answered, %d failed, %d hits, %d dropped, %d in flight  p50 %s, p99 %s", p.Requests,
		p.Failed, p.Cache.Hits, p.Dropped, p.InFlight, rounded(p.P50), rounded(p.P99))
}

// WriteText writes the summary as tables for people.
func (s *Summary) WriteText(w io.Writer) error {
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s  seed %d\n\n", s.URL, s.Seed)
	fmt.Fprintf(&text, "requests\t%d\tin %s, %.1f/s\n", s.Requests, rounded(seconds(s.DurationSeconds)), s.RequestsPerSecond)
	fmt.Fprintf(&text, "succeeded\t%d\t%s\n", s.Succeeded, share(s.Succeeded, s.Requests))
	fmt.Fprintf(&text, "failed\t%d\t%s, %d requests were meant to fail\n", s.Failed, share(s.Failed, s.Requests), s.Provoked)
	if s.SuccessRatio != nil {
		fmt.Fprintf(&text, "success ratio\t%.4f\tof the others\n", *s.SuccessRatio)
	}
	fmt.Fprintf(&text, "repeats\t%d\t%s; cache: %d hits, %d misses, %d collapsed\n",
		s.Repeats, share(s.Repeats, s.Requests), s.Cache.Hits, s.Cache.Misses, s.Cache.Collapsed)
	fmt.Fprintf(&text, "streams\t%d\t%s\n", s.Streams, share(s.Streams, s.Requests))
	fmt.Fprintf(&text, "dropped\t%d\tnot sent because %d others were in flight\n", s.Dropped, s.Concurrency)
	if s.WarmupRequests > 0 {
		fmt.Fprintf(&text, "warmup\t%d\tnot counted above\n", s.WarmupRequests)
	}
	s.writeLatencies(&text)
	writeCounts(&text, "status", s.StatusCodes)
	writeCounts(&text, "error", s.Errors)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := text.WriteTo(table); err != nil {
		return err
	}
	return table.Flush()
}

func (s *Summary) writeLatencies(w *bytes.Buffer) {
	fmt.Fprint(w, "\nlatency\tcount\tmin\tmean\tp50\tp90\tp95\tp99\tp99.9\tmax\n")
	writeDistribution(w, "all", s.Latency.All)
	writeDistribution(w, "succeeded", s.Latency.Succeeded)
	writeDistribution(w, "cache hits", s.Latency.CacheHits)
	for _, name := range slices.Sorted(maps.Keys(s.PredictionTypes)) {
		writeDistribution(w, "type "+name, s.PredictionTypes[name].Latency)
	}
	writeDistribution(w, "first event", s.FirstEvent)
}

func writeDistribution(w *bytes.Buffer, name string, d *Distribution) {
	if d == nil {
		return
	}
	fmt.Fprintf(w, "%s\t%d", name, d.Count)
	for _, value := range []float64{d.Min, d.Mean, d.P50, d.P90, d.P95, d.P99, d.P999, d.Max} {
		fmt.Fprintf(w, "\t%s", rounded(seconds(value)))
	}
	fmt.Fprintln(w)
}

func writeCounts(w *bytes.Buffer, title string, counts map[string]int64) {
	if len(counts) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\tcount\n", title)
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(w, "%s\t%d\n", name, counts[name])
	}
}

func share(part, whole int64) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// rounded keeps three digits or so.
func rounded(d time.Duration) time.Duration {
	for unit := time.Microsecond; unit < time.Minute; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit)
		}
	}
	return d.Round(time.Second)
}
