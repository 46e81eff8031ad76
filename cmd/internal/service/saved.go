package service

import (
	"net/http"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/answer"
)

// save adds the tokens that a stored answer once cost, as far as it states them.
func (e *exchange) save(found *stored) {
	reader := answer.NewReader(http.StatusOK, found.header, answer.Options{MaxBytes: e.service.MaxAnswerBytes})
	_, _ = reader.Write(found.body) // it never fails
	report := reader.Finish(true)
	for what, count := range report.Tokens.All() {
		e.prediction.AddTokensSaved(what, count)
	}
	for what, count := range report.Saved.All() {
		e.prediction.AddTokensSaved(what, count)
	}
}
