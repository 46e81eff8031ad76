package otelmetricstest

import (
	"math"
	"strconv"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Durations are the observations of one or more series of a histogram.
type Durations struct {
	// Count is how many there were.
	Count int64
	// Sum is their total.
	Sum time.Duration
	// Buckets is how many took no longer than each bound of the contract.
	Buckets map[time.Duration]int64
}

// Predictions returns how many predictions ended.
func (s *Snapshot) Predictions(kind otelmetrics.PredictionType, status otelmetrics.Status) int64 {
	l := s.contract.Labels
	return s.count(s.contract.Metrics.Predictions, where{l.PredictionType.Key: string(kind), l.Status.Key: string(status)})
}

// ActivePredictions returns how many predictions have started and not ended.
func (s *Snapshot) ActivePredictions() int64 {
	return s.count(s.contract.Metrics.ActivePredictions, nil)
}

// Errors returns how many errors there were.
func (s *Snapshot) Errors(errorType otelmetrics.ErrorType) int64 {
	return s.count(s.contract.Metrics.Errors, where{s.contract.Labels.ErrorType.Key: string(errorType)})
}

// UpstreamAttempts returns how many attempts to get an answer ended so: with
// success or an error type.
func (s *Snapshot) UpstreamAttempts(outcome string) int64 {
	return s.count(s.contract.Metrics.UpstreamAttempts, where{s.contract.Labels.Outcome.Key: outcome})
}

// UsageMissing returns how many answers have no known usage for this reason.
func (s *Snapshot) UsageMissing(reason otelmetrics.UsageReason) int64 {
	return s.count(s.contract.Metrics.UsageMissing, where{s.contract.Labels.UsageReason.Key: string(reason)})
}

// LMCalls returns how many calls of a language model there were.
func (s *Snapshot) LMCalls(kind otelmetrics.PredictionType, model string) int64 {
	l := s.contract.Labels
	return s.count(s.contract.Metrics.LMCalls, where{l.PredictionType.Key: string(kind), l.Model.Key: model})
}

// ToolCalls returns how many calls of tools there were.
func (s *Snapshot) ToolCalls(kind otelmetrics.PredictionType) int64 {
	return s.count(s.contract.Metrics.ToolCalls, s.ofType(kind))
}

// ParseFailures returns how many completions could not be parsed.
func (s *Snapshot) ParseFailures(kind otelmetrics.PredictionType) int64 {
	return s.count(s.contract.Metrics.ParseFailures, s.ofType(kind))
}

// Finishes returns how many answers of language models ended for this reason.
func (s *Snapshot) Finishes(kind otelmetrics.PredictionType, reason otelmetrics.FinishReason) int64 {
	l := s.contract.Labels
	return s.count(s.contract.Metrics.Finishes, where{l.PredictionType.Key: string(kind), l.FinishReason.Key: string(reason)})
}

// TokensSaved returns how many tokens cached answers saved.
func (s *Snapshot) TokensSaved(kind otelmetrics.PredictionType, what otelmetrics.TokenType) int64 {
	l := s.contract.Labels
	return s.count(s.contract.Metrics.TokensSaved, where{l.PredictionType.Key: string(kind), l.TokenType.Key: string(what)})
}

// Scores returns how many scores of this name there were, and their mean, which
// is not a number if there was none.
func (s *Snapshot) Scores(kind otelmetrics.PredictionType, name string) (count int64, mean float64) {
	l, metric := s.contract.Labels, s.contract.Metrics.PredictionScore.Name
	w := where{l.PredictionType.Key: string(kind), l.Score.Key: name}
	n := s.sum(metric+"_count", w)
	return int64(n), s.sum(metric+"_sum", w) / n
}

// ActivePredictionsLimit returns how many predictions may be active at a time.
func (s *Snapshot) ActivePredictionsLimit() int64 {
	return s.count(s.contract.Metrics.ActivePredictionsLimit, nil)
}

// Overheads returns how long predictions took beyond their upstream.
func (s *Snapshot) Overheads(kind otelmetrics.PredictionType) Durations {
	return s.durations(s.contract.Metrics.Overhead, s.ofType(kind))
}

// TimesPerOutputToken returns the mean times between the output tokens of streams.
func (s *Snapshot) TimesPerOutputToken(kind otelmetrics.PredictionType) Durations {
	return s.durations(s.contract.Metrics.TimePerOutputToken, s.ofType(kind))
}

// ModelTokens returns how many tokens were spent on a model.
func (s *Snapshot) ModelTokens(kind otelmetrics.PredictionType, model string, what otelmetrics.TokenType) int64 {
	l := s.contract.Labels
	return s.count(s.contract.Metrics.Tokens, where{l.PredictionType.Key: string(kind), l.Model.Key: model, l.TokenType.Key: string(what)})
}

// ModelCost returns how many US dollars were spent on a model, as this source
// says.
func (s *Snapshot) ModelCost(kind otelmetrics.PredictionType, model string, source otelmetrics.CostSource) float64 {
	l := s.contract.Labels
	return s.sum(s.contract.Metrics.Cost.Name, where{l.PredictionType.Key: string(kind), l.Model.Key: model, l.Source.Key: string(source)})
}

// CacheHits returns how many predictions the cache answered.
func (s *Snapshot) CacheHits(cache otelmetrics.CacheType) int64 {
	return s.count(s.contract.Metrics.CacheHits, s.inCache(cache))
}

// CacheMisses returns how many predictions the cache could not answer.
func (s *Snapshot) CacheMisses(cache otelmetrics.CacheType) int64 {
	return s.count(s.contract.Metrics.CacheMisses, s.inCache(cache))
}

// CacheEvictions returns how many entries the cache removed by itself.
func (s *Snapshot) CacheEvictions(cache otelmetrics.CacheType) int64 {
	return s.count(s.contract.Metrics.CacheEvictions, s.inCache(cache))
}

// CacheSize returns the size of the cache in bytes.
func (s *Snapshot) CacheSize(cache otelmetrics.CacheType) int64 {
	return s.count(s.contract.Metrics.CacheSize, s.inCache(cache))
}

// Tokens returns how many tokens were spent.
func (s *Snapshot) Tokens(kind otelmetrics.PredictionType, what otelmetrics.TokenType) int64 {
	l := s.contract.Labels
	return s.count(s.contract.Metrics.Tokens, where{l.PredictionType.Key: string(kind), l.TokenType.Key: string(what)})
}

// Cost returns how many US dollars were spent.
func (s *Snapshot) Cost(kind otelmetrics.PredictionType) float64 {
	return s.sum(s.contract.Metrics.Cost.Name, s.ofType(kind))
}

// PredictionDurations returns how long predictions took.
func (s *Snapshot) PredictionDurations(kind otelmetrics.PredictionType) Durations {
	return s.durations(s.contract.Metrics.PredictionDuration, s.ofType(kind))
}

// TimesToFirstToken returns how long streams took to their first content.
func (s *Snapshot) TimesToFirstToken(kind otelmetrics.PredictionType) Durations {
	return s.durations(s.contract.Metrics.TimeToFirstToken, s.ofType(kind))
}

// APILatencies returns how long requests to an endpoint took that were answered
// with a status; zero means any.
func (s *Snapshot) APILatencies(endpoint, method string, status int) Durations {
	code := ""
	if status != 0 {
		code = strconv.Itoa(status)
	}
	l := s.contract.Labels
	return s.durations(s.contract.Metrics.APILatency, where{l.Endpoint.Key: endpoint, l.Method.Key: method, l.StatusCode.Key: code})
}

// where chooses series by label values, of which an empty one means any.
type where map[string]string

func (s *Snapshot) inCache(cache otelmetrics.CacheType) where {
	return where{s.contract.Labels.CacheType.Key: string(cache)}
}

func (s *Snapshot) ofType(kind otelmetrics.PredictionType) where {
	return where{s.contract.Labels.PredictionType.Key: string(kind)}
}

func (w where) matches(s sample) bool {
	for key, value := range w {
		if value != "" && s.label(key) != value {
			return false
		}
	}
	return true
}

func (s *Snapshot) sum(name string, w where) float64 {
	var sum float64
	for _, sample := range s.samples {
		if sample.name == name && w.matches(sample) {
			sum += sample.value
		}
	}
	return sum
}

func (s *Snapshot) count(m views.Metric, w where) int64 { return int64(s.sum(m.Name, w)) }

func (s *Snapshot) durations(m views.Metric, w where) Durations {
	d := Durations{
		Count:   int64(s.sum(m.Name+"_count", w)),
		Sum:     seconds(s.sum(m.Name+"_sum", w)),
		Buckets: make(map[time.Duration]int64),
	}
	for _, sample := range s.samples {
		bound, err := strconv.ParseFloat(sample.label("le"), 64)
		if sample.name == m.Name+"_bucket" && err == nil && !math.IsInf(bound, 0) && w.matches(sample) {
			d.Buckets[seconds(bound)] += int64(sample.value)
		}
	}
	return d
}

func seconds(s float64) time.Duration {
	return time.Duration(math.Round(s * float64(time.Second)))
}
