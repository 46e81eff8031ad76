package service

import (
	"net/http"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/answer"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// save adds the tokens that a stored answer once cost, as far as it states them.
func (e *exchange) save(found *stored) {
	reader := answer.NewReader(http.StatusOK, found.header, answer.Options{MaxBytes: e.service.MaxAnswerBytes})
	_, _ = reader.Write(found.body) // it never fails
	report := reader.Finish(true)
	e.prediction.AddUsage(otelmetrics.Usage{Saved: tokens(report.Tokens)})
	e.prediction.AddUsage(otelmetrics.Usage{Saved: tokens(report.Saved)})
}
