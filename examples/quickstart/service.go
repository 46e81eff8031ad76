package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

const maxBody = 64 << 10

type service struct {
	metrics *otelmetrics.Recorder
}

// ServeHTTP answers {"question":"…"} with {"answer":"…"}.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ Question string }
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in)
	if err != nil || in.Question == "" {
		// No prediction has started, so this is an error and not a failed prediction.
		s.metrics.RecordError(r.Context(), otelmetrics.ErrorInvalidInput)
		http.Error(w, `want {"question":"…"}`, http.StatusBadRequest)
		return
	}
	answer, err := s.predict(r.Context(), in.Question)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"answer": answer}) // fails only if the client has gone
}

// [readme:begin integration]

func (s *service) predict(ctx context.Context, question string) (answer string, err error) {
	ctx, p := s.metrics.StartPrediction(ctx, otelmetrics.ChainOfThought)
	defer p.End(&err)
	return ask(ctx, question)
}

// [readme:end integration]

// ask stands for the call of your program or model.
func ask(ctx context.Context, question string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	for _, fact := range []struct{ country, capital string }{{"France", "Paris"}, {"Kenya", "Nairobi"}, {"Peru", "Lima"}} {
		if strings.Contains(question, fact.country) {
			return fact.capital, nil
		}
	}
	return "", fmt.Errorf("no answer to %q", question)
}
