package service

import (
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/answer"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// recordCalls adds what the answer says of the way to it, and how good it is. The
// model of the prediction must have been set.
func (s *Service) recordCalls(p *otelmetrics.Prediction, report answer.Report) {
	rest := calls(report)
	if report.Finishes != nil { // they take its place
		report.Finish = ""
	}
	for name, n := range report.ModelCalls {
		p.AddUsage(otelmetrics.Usage{Model: s.model(name), Calls: n})
		rest -= n
	}
	p.AddUsage(otelmetrics.Usage{
		Calls: rest, ToolCalls: number(report.ToolCalls), ParseFailures: number(report.ParseFailures), Saved: tokens(report.Saved),
		Finish: report.Finish,
	})
	for reason, count := range report.Finishes {
		if count > 0 { // Finishes of 0 is one.
			p.AddUsage(otelmetrics.Usage{Finish: reason, Finishes: count})
		}
	}
	for name, score := range report.Scores {
		p.Score(name, score)
	}
}

// calls returns how many calls of language models there were. An answer that says
// why the model stopped is a model's own, and so of one call, unless it says how
// many there were, or what several models spent.
func calls(report answer.Report) int64 {
	if report.Calls == nil && report.Finish != "" && len(report.Models) == 0 {
		return 1
	}
	return number(report.Calls)
}
