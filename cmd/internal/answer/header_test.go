package answer

import (
	"net/http"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func TestHeader(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		header map[string]string
		want   Report
		// ignored is how many entries are told; they are not part of want.
		ignored int
	}{
		"none": {},
		"all": {
			header: map[string]string{
				"DSPy-Input-Tokens": "260", "DSPy-Output-Tokens": "61", "DSPy-Cache-Read-Tokens": "128",
				"DSPy-Cache-Write-Tokens": "0", "DSPy-Reasoning-Tokens": "12", "DSPy-Cost-USD": "0.00042", "DSPy-Cache": "miss",
				"DSPy-LM-Calls": "5", "DSPy-LM-Cache-Hits": "2", "DSPy-Tool-Calls": "3", "DSPy-Parse-Failures": "1",
			},
			want: Report{
				Tokens: stated(counts{otelmetrics.TokensInput: 260, otelmetrics.TokensOutput: 61, otelmetrics.TokensCacheRead: 128, otelmetrics.TokensCacheWrite: 0, otelmetrics.TokensReasoning: 12}),
				Cost:   new(0.00042), Cached: new(false), CacheHits: new(int64(2)), CacheMisses: new(int64(3)),
				ToolCalls: new(int64(3)), ParseFailures: new(int64(1)),
			},
		},
		"a hit spends nothing": {
			header: map[string]string{"DSPy-Cache": "hit", "DSPy-Input-Tokens": "260", "DSPy-Cost-USD": "1", "DSPy-LM-Calls": "1", "DSPy-LM-Cache-Hits": "1"},
			want:   Report{Cached: new(true), Saved: stated(counts{otelmetrics.TokensInput: 260}), CacheHits: new(int64(1)), CacheMisses: new(int64(0))},
		},
		"calls without hits":     {header: map[string]string{"DSPy-LM-Calls": "5"}},
		"hits without calls":     {header: map[string]string{"DSPy-LM-Cache-Hits": "5"}, want: Report{CacheHits: new(int64(5))}},
		"more hits than calls":   {header: map[string]string{"DSPy-LM-Calls": "1", "DSPy-LM-Cache-Hits": "2"}, ignored: 1},
		"cost as Python does":    {header: map[string]string{"DSPy-Cost-USD": "1e-05"}, want: Report{Cost: new(1e-05)}},
		"cost NaN":               {header: map[string]string{"DSPy-Cost-USD": "NaN"}, ignored: 1},
		"cost Inf":               {header: map[string]string{"DSPy-Cost-USD": "Inf"}, ignored: 1},
		"cost hexadecimal":       {header: map[string]string{"DSPy-Cost-USD": "0x1p-2"}, ignored: 1},
		"cost negative":          {header: map[string]string{"DSPy-Cost-USD": "-1"}, ignored: 1},
		"cost too large":         {header: map[string]string{"DSPy-Cost-USD": "1e300"}, ignored: 1},
		"cost empty":             {header: map[string]string{"DSPy-Cost-USD": ""}, ignored: 1},
		"count negative":         {header: map[string]string{"DSPy-Input-Tokens": "-1"}, ignored: 1},
		"count signed":           {header: map[string]string{"DSPy-Input-Tokens": "+1"}, ignored: 1},
		"count fractional":       {header: map[string]string{"DSPy-Input-Tokens": "1.0"}, ignored: 1},
		"count with an exponent": {header: map[string]string{"DSPy-Input-Tokens": "1e3"}, ignored: 1},
		"count too large":        {header: map[string]string{"DSPy-Input-Tokens": "9223372036854775808"}, ignored: 1},
		"counts joined":          {header: map[string]string{"DSPy-Input-Tokens": "1, 2", "DSPy-Output-Tokens": "3"}, want: Report{Tokens: stated(counts{otelmetrics.TokensOutput: 3})}, ignored: 1},
		"cache by another word":  {header: map[string]string{"DSPy-Cache": "stale"}, ignored: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := make(http.Header)
			for name, value := range tt.header {
				header.Set(name, value)
			}
			got := feed(header, 0, "").Report
			if len(got.Ignored) != tt.ignored {
				t.Errorf("ignored %q, want %d entries", got.Ignored, tt.ignored)
			}
			got.Ignored = nil
			same(t, "report", tt.want, got, coarse)
		})
	}
}

func TestHeaderTwice(t *testing.T) {
	t.Parallel()
	header := make(http.Header)
	header.Add("DSPy-Input-Tokens", "1")
	header.Add("DSPy-Input-Tokens", "2")
	want := Report{Ignored: []string{`Dspy-Input-Tokens is not one value: "1, 2"`}, Missing: otelmetrics.UsageNotStated}
	same(t, "report", want, feed(header, 0, "").Report)
}

func TestHeaderAndBody(t *testing.T) {
	t.Parallel()
	header := http.Header{
		"Dspy-Input-Tokens": {"1"}, "Dspy-Output-Tokens": {"2"}, "Dspy-Cost-Usd": {"0.1"}, "Dspy-Cache": {"miss"},
		"Dspy-Lm-Calls": {"3"}, "Dspy-Lm-Cache-Hits": {"1"}, "Dspy-Tool-Calls": {"3"}, "Dspy-Parse-Failures": {"4"},
	}
	want := func(tokens Tokens, usd *float64, cached bool) Report {
		return Report{
			Tokens: tokens, Cost: usd, Cached: &cached, Whole: true,
			Calls: new(int64(3)), CacheHits: new(int64(1)), CacheMisses: new(int64(2)), ToolCalls: new(int64(3)), ParseFailures: new(int64(4)),
		}
	}
	tests := map[string]struct {
		body string
		want Report
	}{
		"the header fills in": {`{}`, want(stated(counts{otelmetrics.TokensInput: 1, otelmetrics.TokensOutput: 2}), new(0.1), false)},
		"the body wins": {
			`{"usage":{"prompt_tokens":0,"reasoning_tokens":9},"cost":0}`,
			want(stated(counts{otelmetrics.TokensInput: 0, otelmetrics.TokensOutput: 2, otelmetrics.TokensReasoning: 9}), new(0.0), false),
		},
		"a cached answer spent nothing": {`{"cached":true}`, func() Report {
			r := want(Tokens{}, nil, true)
			r.Saved = stated(counts{otelmetrics.TokensInput: 1, otelmetrics.TokensOutput: 2})
			return r
		}()},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, "report", tt.want, feed(header, 0, tt.body).Report)
		})
	}
}
