package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPrices runs the command with a price list, which changes on the way.
func TestPrices(t *testing.T) {
	t.Parallel()
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"usage":{"openai/gpt-4o":{"prompt_tokens":4,"completion_tokens":1}}}`)
	}))
	t.Cleanup(program.Close)
	path := filepath.Join(t.TempDir(), "prices.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"gpt-4o": {"input_cost_per_token": 0.5, "output_cost_per_token": 2}}`)
	c := command(t, nil, "--listen=127.0.0.1:0", "--upstream", program.URL, "--prices", path, "--service=qa", "--drain-delay=0s")
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	// waitFor returns the line of the log that has a text.
	log := bufio.NewScanner(stderr)
	waitFor := func(text string) string {
		t.Helper()
		for log.Scan() {
			if strings.Contains(log.Text(), text) {
				return log.Text()
			}
		}
		t.Fatalf("no %q in the log", text)
		return ""
	}
	_, after, _ := strings.Cut(waitFor("addr="), "addr=")
	address, _, _ := strings.Cut(after, " ")
	get := func(method, path string) string {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	poll := func(line string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for page := ""; !strings.Contains(page, "\n"+line+"\n"); {
			page = get(http.MethodGet, "/metrics")
			if ctx.Err() != nil {
				t.Fatalf("no %s on the page:\n%s", line, page)
			}
		}
	}
	const cost = `dspy_cost_usd_total{model="gpt-4o",prediction_type="predict",service="qa",source="local"} `
	get(http.MethodPost, "/predict")
	poll(cost + "4")
	write(`{"gpt-4o": {"input_cost_per_token": 1, "output_cost_per_token": 12.5}}`)
	waitFor("the price list was reloaded")
	get(http.MethodPost, "/predict")
	poll(cost + "20.5")
	write(`{"gpt-4o": {"input_cost_per_token": "free"}}`)
	if line := waitFor("the price list cannot be read"); !strings.Contains(line, path) || !strings.Contains(line, "input_cost_per_token") {
		t.Errorf("the file or the member is not named: %s", line)
	}
	get(http.MethodPost, "/predict")
	poll(cost + "37")
}
