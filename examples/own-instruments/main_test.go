package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	address, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- run(ctx, "127.0.0.1:0", func(a net.Addr) { address <- "http://" + a.String() })
	}()
	var base string
	select {
	case base = <-address:
	case err := <-done:
		t.Fatal(err)
	}

	if got, want := do(t, http.MethodPost, base+"/predict"), "an answer from 3 documents\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	page := do(t, http.MethodGet, base+"/metrics")
	for _, line := range []string{
		`# HELP retrieved_documents_total Documents that were given to the predictor`,
		`# TYPE retrieved_documents_total counter`,
		`retrieved_documents_total{index="wiki"} 3`,
		`dspy_predictions_total{prediction_type="react",service="rag",status="success"} 1`,
	} {
		if !strings.Contains("\n"+page, "\n"+line+"\n") {
			t.Errorf("no line %q in:\n%s", line, page)
		}
	}

	cancel()
	if err := <-done; err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func do(t *testing.T, method, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: got %d, error %v:\n%s", method, url, response.StatusCode, err, body)
	}
	return string(body)
}
