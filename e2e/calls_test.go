package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/dspy-metrics/dspy-metrics/e2e/provider"
)

// providerCall is a call that a client is to make.
type providerCall struct {
	ID     int    `json:"id"`
	URL    string `json:"url"`
	Way    string `json:"way"`
	Call   string `json:"call"`
	Prompt string `json:"prompt"`
	Stream bool   `json:"stream"`
	Leave  bool   `json:"leave"`

	kind      callKind
	order     provider.Order
	errorType string // of a call that is to fail
	read      clientReading
}

// clientReading is what a client says of an answer.
type clientReading struct {
	ID         int
	Outcome    string
	Failure    string // the error type, if the client knows it
	Text       string
	FirstToken float64 `json:"first_token"`
	Tokens     map[string]int
	Cost       *float64
	Error      string
}

// answers are calls that succeed, most of them streams.
func (c providerClient) answers(url string) []*providerCall {
	const whole = 12 // of each kind
	var calls []*providerCall
	lingers := []time.Duration{0, 2 * time.Millisecond, 20 * time.Millisecond}
	for i := range c.streams + whole*len(c.calls) {
		call := c.call(url, i, provider.Order{
			Input: 100 + i%50, CacheRead: 30 + i%7, CacheWrite: 20 + i%5, Output: 20 + i%30, Reasoning: 5 + i%3,
			Cost: 0.0001 * float64(1+i%9), Before: 2 * time.Millisecond, Linger: lingers[i%len(lingers)],
		})
		call.Stream = i < c.streams && !call.kind.whole
		calls = append(calls, call)
	}
	return calls
}

// failures are calls that fail in every way there is.
func (c providerClient) failures(url string) []*providerCall {
	errorTypes := map[provider.Fault]string{
		provider.RateLimit: "rate_limit", provider.Overloaded: "upstream_unavailable", provider.Invalid: "invalid_input",
		provider.LateOverload: c.lateOverload, provider.LateRateLimit: c.lateRateLimit,
		provider.Cut: "upstream_unavailable", provider.Endless: "canceled",
	}
	var calls []*providerCall
	for fault, errorType := range errorTypes {
		late := fault == provider.LateOverload || fault == provider.LateRateLimit || fault == provider.Cut || fault == provider.Endless
		for i := range 4 * len(c.calls) * len(c.ways()) {
			call := c.call(url, i, provider.Order{Input: 100, CacheRead: 30, CacheWrite: 20, Output: 20, Reasoning: 5, Cost: 0.001, Fault: fault})
			call.Stream, call.Leave, call.errorType = !call.kind.whole && (late || i%2 == 0), fault == provider.Endless, errorType
			if readsOn := call.Leave && c.readsOn && call.Way == "sync"; readsOn || late && call.kind.whole {
				continue // there is no such call
			}
			calls = append(calls, call)
		}
	}
	return calls
}

func (c providerClient) ways() []string {
	if c.synchronous {
		return []string{"sync"}
	}
	return []string{"sync", "async"}
}

// call returns the i-th call. Their numbers go round through the calls and ways.
func (c providerClient) call(url string, i int, order provider.Order) *providerCall {
	ways := c.ways()
	kind := c.calls[i/len(ways)%len(c.calls)]
	return &providerCall{URL: url, Way: ways[i%len(ways)], Call: kind.name, Prompt: order.Prompt(), kind: kind, order: order}
}

// make has the client make all calls, and fails the test if it has read
// something else than was ordered. It reports whether the client crashed, which says
// nothing about the service.
func (c providerClient) make(t *testing.T, calls []*providerCall) (crashed bool) {
	t.Helper()
	var asked, said, diagnostics bytes.Buffer
	encoder := json.NewEncoder(&asked)
	for i, call := range calls {
		call.ID = i
		if err := encoder.Encode(call); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), locate(t, "e2e-python"), "clients/run.py", c.name)
	command.Stdin, command.Stdout, command.Stderr, command.Env = &asked, &said, &diagnostics, environment()
	err := command.Run()
	if lines := strings.Split(strings.TrimSpace(diagnostics.String()), "\n"); err == nil {
		t.Log(lines[len(lines)-1])
	} else if status, ok := command.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		t.Logf("%v: %s", err, diagnostics.String())
		return true
	} else {
		t.Fatalf("%v: %s", err, diagnostics.String())
	}
	decoder := json.NewDecoder(&said)
	for range calls {
		var read clientReading
		if err := decoder.Decode(&read); err != nil {
			t.Fatalf("the client said too little: %v", err)
		}
		calls[read.ID].read = read
		c.judge(t, calls[read.ID])
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		t.Errorf("the client said more than was asked: %v", err)
	}
	return false
}

// judge fails the test if the client has read something else than was ordered.
func (c providerClient) judge(t *testing.T, call *providerCall) {
	t.Helper()
	read := call.read
	differs := func(format string, args ...any) {
		t.Errorf("%s %s of %+v: %s; %s", call.Way, call.Call, call.order, fmt.Sprintf(format, args...), read.Error)
	}
	want := "success"
	switch {
	case call.Leave:
		want = "canceled"
	case call.kind.blind && call.order.Fault == provider.Cut:
	case call.errorType != "":
		want = "failure"
	}
	if read.Outcome != want {
		differs("got %s, want %s", read.Outcome, want)
	}
	if read.Failure != "" && read.Failure != call.errorType {
		differs("got %s, want %s", read.Failure, call.errorType)
	}
	if call.errorType != "" {
		return
	}
	if read.Text != "one two three" || read.Tokens["input"]+read.Tokens["output"] == 0 {
		differs("got %q, %v", read.Text, read.Tokens)
	}
	stated := call.tokens()
	for tokenType, count := range read.Tokens {
		if count != stated[tokenType] {
			differs("got %d %s tokens", count, tokenType)
		}
	}
	if read.Cost != nil && math.Abs(*read.Cost-call.order.Cost) > 1e-9 {
		differs("got a cost of %v", *read.Cost)
	}
}

// tokens are those that the provider states.
func (c *providerCall) tokens() map[string]int {
	ordered := map[string]int{
		"input": c.order.Input, "output": c.order.Output, "cache_read": c.order.CacheRead, "cache_write": c.order.CacheWrite,
		"reasoning": c.order.Reasoning,
	}
	maps.DeleteFunc(ordered, func(tokenType string, _ int) bool { return !slices.Contains(c.kind.tokens, tokenType) })
	return ordered
}

// expectation is what the metrics have to say of calls.
type expectation map[string]float64

// compare returns an error that names all metrics that say something else. A
// metric's name is followed by the names and values of its labels.
func (e expectation) compare(samples model.Vector) error {
	var different []string
	for _, metric := range slices.Sorted(maps.Keys(e)) {
		words := strings.Fields(metric)
		labels := model.LabelSet{}
		for pair := range slices.Chunk(words[1:], 2) {
			labels[model.LabelName(pair[0])] = model.LabelValue(pair[1])
		}
		want := e[metric]
		if got := total(samples, words[0], labels); math.Abs(got-want) > 1e-9*math.Max(1, want) {
			different = append(different, fmt.Sprintf("%s: got %v, want %v", metric, got, want))
		}
	}
	if len(different) > 0 {
		return errors.New(strings.Join(different, "\n"))
	}
	return nil
}

// compareAnswers compares the metrics with calls that have succeeded.
func compareAnswers(samples model.Vector, calls []*providerCall) error {
	want := expectation{
		"dspy_active_predictions": 0, "dspy_errors_total": 0, "dspy_usage_missing_total": 0,
		"dspy_predictions_total status success": float64(len(calls)), "dspy_predictions_total status failure": 0,
		"dspy_prediction_duration_seconds_count": float64(len(calls)), "dspy_api_latency_seconds_count status_code 200": float64(len(calls)),
	}
	var earliest, latest float64
	for _, call := range calls {
		for tokenType, count := range call.tokens() {
			want["dspy_tokens_total token_type "+tokenType] += float64(count)
		}
		if call.kind.cost {
			want["dspy_cost_usd_total"] += call.order.Cost
		}
		if call.Stream {
			want["dspy_time_to_first_token_seconds_count"]++
			earliest += call.order.Before.Seconds()
			latest += call.read.FirstToken
		}
	}
	// The program has waited before it sent the first content, and each client has
	// it later than the service.
	if got := total(samples, "dspy_time_to_first_token_seconds_sum", nil); got < earliest || got > latest {
		return errors.Join(fmt.Errorf("dspy_time_to_first_token_seconds_sum: got %v, want %v to %v", got, earliest, latest), want.compare(samples))
	}
	return want.compare(samples)
}

// compareFailures compares the metrics with calls that have failed. What was
// stated before counts, which is seen where the client does not hide it.
func compareFailures(samples model.Vector, calls []*providerCall, hides bool) error {
	want := expectation{
		"dspy_active_predictions": 0, "dspy_predictions_total status success": 0,
		"dspy_predictions_total status failure": float64(len(calls)), "dspy_errors_total": float64(len(calls)),
	}
	for _, call := range calls {
		want["dspy_errors_total error_type "+call.errorType]++
		if late := call.order.Fault == provider.LateOverload || call.order.Fault == provider.LateRateLimit; call.Leave || call.order.Fault == provider.Cut || late {
			want["dspy_time_to_first_token_seconds_count"]++
		}
		if hides {
			continue
		}
		for tokenType, count := range call.read.Tokens {
			want["dspy_tokens_total token_type "+tokenType] += float64(count)
		}
	}
	return want.compare(samples)
}
