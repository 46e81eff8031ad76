package live

import (
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// config is the configuration of the page. Its names come from the contract.
type config struct {
	Title   string   `json:"title"`
	Metrics string   `json:"metrics"` // where the page of metrics is, relative to the page of charts
	Filters []filter `json:"filters"`
	Tiles   []tile   `json:"tiles"`
	Panels  []panel  `json:"panels"`
	Errors  source   `json:"errors"`
}

// filter is a label whose values the reader may choose from.
type filter struct {
	Label string `json:"label"`
	Title string `json:"title"`
}

// The kinds of panels and tiles.
const (
	counter   = "counter"   // rates
	gauge     = "gauge"     // values as they are
	histogram = "histogram" // P50, P95 and P99
	quantile  = "quantile"  // one quantile of a histogram
)

// panel is one chart, and the table of its numbers.
type panel struct {
	ID       string            `json:"id"`
	Title    string            `json:"title"`
	Subtitle string            `json:"subtitle"` // the unit in words
	Kind     string            `json:"kind"`
	By       string            `json:"by"`             // the head of the column with the names of the lines
	Unit     string            `json:"unit,omitempty"` // s, USD, %; empty for numbers
	Per      int               `json:"per,omitempty"`  // the seconds that rates are given for
	Always   bool              `json:"always,omitempty"`
	Sources  []source          `json:"sources"`
	Order    []string          `json:"order,omitempty"` // the lines that are known before they come
	Tones    map[string]string `json:"tones,omitempty"` // lines whose color has a meaning
}

// source is a metric of a panel. It makes one line for each value of a label, or one with a name.
type source struct {
	Metric string            `json:"metric"`
	By     string            `json:"by,omitempty"`
	Name   string            `json:"name,omitempty"`
	Match  map[string]string `json:"match,omitempty"`
}

// tile is one number at the head of the page: a rate, or a share if there is Over.
type tile struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Kind     string   `json:"kind"`
	Unit     string   `json:"unit,omitempty"`
	Per      int      `json:"per,omitempty"`
	Quantile string   `json:"quantile,omitempty"`
	Of       []source `json:"of"`
	Over     []source `json:"over,omitempty"`
}

// configure returns what the page draws of a contract. What the contract leaves out is not drawn.
func configure(title string, contract views.Contract) config {
	m, l := contract.Metrics, contract.Labels
	c := config{Title: title, Metrics: "metrics", Filters: []filter{{l.Service.Key, "Service"}}}
	for _, own := range l.Own {
		c.Filters = append(c.Filters, filter{own.Key, own.Key})
	}
	if m.Errors.Name != "" {
		c.Errors = source{Metric: m.Errors.Name, By: l.ErrorType.Key}
	}
	c.Tiles = existing(tiles(m, l), func(t *tile) *[]source { return &t.Of })
	c.Panels = existing(panels(m, l), func(p *panel) *[]source { return &p.Sources })
	return c
}

func tiles(m views.Metrics, l views.Labels) []tile {
	failed := map[string]string{l.Status.Key: views.StatusFailure}
	predictions := []source{{Metric: m.Predictions.Name}}
	hits, misses := source{Metric: m.CacheHits.Name}, source{Metric: m.CacheMisses.Name}
	return []tile{
		{ID: "now-predictions", Title: "Predictions / s", Kind: counter, Per: 1, Of: predictions},
		{
			ID: "now-failed", Title: "Failed", Kind: counter, Unit: "%",
			Of: []source{{Metric: m.Predictions.Name, Match: failed}}, Over: predictions,
		},
		{ID: "now-p95", Title: "P95 duration", Kind: quantile, Quantile: "P95", Unit: "s", Of: []source{{Metric: m.PredictionDuration.Name}}},
		{ID: "now-active", Title: "Active", Kind: gauge, Of: []source{{Metric: m.ActivePredictions.Name}}},
		{ID: "now-hits", Title: "Cache hits", Kind: counter, Unit: "%", Of: []source{hits}, Over: []source{hits, misses}},
		{ID: "now-tokens", Title: "Tokens / min", Kind: counter, Per: 60, Of: wholeTokens(m, l)},
		{ID: "now-cost", Title: "Cost / min", Kind: counter, Unit: "USD", Per: 60, Of: []source{{Metric: m.Cost.Name}}},
	}
}

// wholeTokens are the types of tokens that add up; the others are parts of them.
func wholeTokens(m views.Metrics, l views.Labels) []source {
	var sources []source
	for _, whole := range []string{views.TokensInput, views.TokensOutput} {
		sources = append(sources, source{Metric: m.Tokens.Name, Match: map[string]string{l.TokenType.Key: whole}})
	}
	return sources
}

func panels(m views.Metrics, l views.Labels) []panel {
	return []panel{
		{
			ID: "types", Title: "Predictions by type", Subtitle: "a second", Kind: counter, Per: 1, By: "type",
			Sources: []source{{Metric: m.Predictions.Name, By: l.PredictionType.Key}}, Order: l.PredictionType.Values,
		},
		{
			ID: "outcomes", Title: "Predictions by outcome", Subtitle: "a second", Kind: counter, Per: 1, By: "outcome", Always: true,
			Sources: []source{{Metric: m.Predictions.Name, By: l.Status.Key}}, Order: l.Status.Values,
			Tones: map[string]string{views.StatusSuccess: "good", views.StatusFailure: "bad"},
		},
		quantiles("duration", "Duration of predictions", m.PredictionDuration),
		quantiles("first-token", "Time to the first token", m.TimeToFirstToken),
		{
			ID: "active", Title: "Active predictions", Subtitle: "at a time", Kind: gauge, By: "what",
			Sources: []source{{Metric: m.ActivePredictions.Name, Name: "active"}, {Metric: m.ActivePredictionsLimit.Name, Name: "limit"}},
			Order:   []string{"active", "limit"},
		},
		{
			ID: "error-types", Title: "Errors by type", Subtitle: "a second", Kind: counter, Per: 1, By: "type",
			Sources: []source{{Metric: m.Errors.Name, By: l.ErrorType.Key}}, Order: l.ErrorType.Values,
		},
		// The other types of tokens are parts of these.
		spent("tokens", "Tokens", "", l.Model, wholeTokens(m, l)...),
		spent("cost", "Cost", "USD", l.Model, source{Metric: m.Cost.Name}),
		{
			ID: "cache", Title: "Cache", Subtitle: "a second", Kind: counter, Per: 1, By: "what", Always: true,
			Sources: []source{
				{Metric: m.CacheHits.Name, Name: "hits"}, {Metric: m.CacheMisses.Name, Name: "misses"}, {Metric: m.CacheEvictions.Name, Name: "evictions"},
			},
			Order: []string{"hits", "misses", "evictions"},
		},
		quantiles("token-pace", "Time for each further token", m.TimePerOutputToken),
		quantiles("overhead", "Overhead of this service", m.Overhead),
		quantiles("latency", "Latency of HTTP requests", m.APILatency),
	}
}

func quantiles(id, title string, metric views.Metric) panel {
	return panel{
		ID: id, Title: title, Subtitle: "P50, P95 and P99", Kind: histogram, By: "quantile", Unit: metric.Unit,
		Sources: []source{{Metric: metric.Name}},
	}
}

// spent is a panel of what predictions used, by a label.
func spent(id, title, unit string, by views.Label, sources ...source) panel {
	for i := range sources {
		sources[i].By = by.Key
	}
	words := strings.ReplaceAll(by.Key, "_", " ")
	return panel{
		ID: id, Title: title + " by " + words, Subtitle: "a minute", Kind: counter, Per: 60, By: words, Unit: unit,
		Sources: sources, Order: by.Values,
	}
}

// existing leaves out the metrics that the contract leaves out, whose name is empty.
func existing[T any](all []T, sources func(*T) *[]source) []T {
	var kept []T
	for _, one := range all {
		of := sources(&one)
		*of = slices.DeleteFunc(*of, func(s source) bool { return s.Metric == "" })
		if len(*of) > 0 {
			kept = append(kept, one)
		}
	}
	return kept
}
