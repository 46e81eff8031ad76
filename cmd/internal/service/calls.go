package service

import (
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/answer"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// recordCalls adds what the answer says of the way to it, and how good it is. The
// model of the prediction must have been set.
func (s *Service) recordCalls(p *otelmetrics.Prediction, report answer.Report) {
	rest := calls(report)
	for name, n := range report.ModelCalls {
		p.AddModelLMCalls(s.model(name), n)
		rest -= n
	}
	p.AddLMCalls(rest)
	p.AddToolCalls(number(report.ToolCalls))
	p.AddParseFailures(number(report.ParseFailures))
	if report.Finishes != nil {
		for reason, count := range report.Finishes {
			p.AddFinishes(reason, count)
		}
	} else if report.Finish != "" {
		p.AddFinishes(report.Finish, 1)
	}
	for what, count := range report.Saved.All() {
		p.AddTokensSaved(what, count)
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
