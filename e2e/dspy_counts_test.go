package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
)

// The models that the program asks. DSPy knows the cost of the first one alone, and
// the price list has the first two.
const (
	pricedModel, listedModel, unlistedModel = "openai/gpt-4o-mini", "openai/house-reviewer", "openai/house-agent"

	// housePrices are not those that DSPy has for the model: who is asked shows in the sums.
	housePrices = `{
		"gpt-4o-mini":    {"litellm_provider": "openai", "input_cost_per_token": 0.25, "output_cost_per_token": 2},
		"house-reviewer": {"litellm_provider": "openai", "input_cost_per_token": 0.5, "output_cost_per_token": 4,
		                   "cache_read_input_token_cost": 0.125}
	}`
)

// usageOf is the usage of a model, as chat completions state it.
type usageOf struct {
	Prompt        int `json:"prompt_tokens"`
	Completion    int `json:"completion_tokens"`
	PromptDetails struct {
		Cached int `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
	CompletionDetails struct {
		Reasoning int `json:"reasoning_tokens"`
	} `json:"completion_tokens_details"`
}

func (u usageOf) byType() map[string]int {
	return map[string]int{
		"input": u.Prompt, "output": u.Completion, "cache_read": u.PromptDetails.Cached, "reasoning": u.CompletionDetails.Reasoning,
	}
}

// account is what a program says that its answers took.
type account struct {
	calls                map[string]int            // by model
	tokens               map[string]map[string]int // by model and type
	tools, parseFailures map[string]int            // by prediction type
	kinds, scores        map[string]int            // by prediction type; by name
	missing              map[string]int            // by reason
	stated               float64                   // US dollars
	listed               map[string]float64        // US dollars of the price list, by model
	saved                map[string]int            // tokens by type
	finishes             map[string]int            // answers of models by why they ended
	cached               map[string]int            // calls that DSPy's cache answered, by model
	hits, misses         int                       // of DSPy's cache
	own                  int                       // answers of the service's cache
	failed               int                       // predictions
}

// said is what the program says of one answer.
type said struct {
	Usage         map[string]usageOf `json:"usage"`
	Cost          *float64           `json:"cost_usd"`
	Cached        bool               `json:"cached"`
	Calls         map[string]int     `json:"lm_calls"`
	ToolCalls     int                `json:"tool_calls"`
	ParseFailures int                `json:"parse_failures"`
	Scores        map[string]float64 `json:"scores"`
	Finishes      map[string]int     `json:"finishes"`
}

// add adds an answer.
func (a *account) add(kind string, answer said) {
	merge(&a.calls, answer.Calls)
	merge(&a.finishes, answer.Finishes)
	increase(&a.tools, kind, answer.ToolCalls)
	increase(&a.parseFailures, kind, answer.ParseFailures)
	increase(&a.kinds, kind, 1)
	for name := range answer.Scores {
		increase(&a.scores, name, 1)
	}
	for name, usage := range answer.Usage {
		if a.tokens == nil {
			a.tokens = make(map[string]map[string]int)
		}
		of := a.tokens[name]
		merge(&of, usage.byType())
		a.tokens[name] = of
	}
	switch {
	case answer.Cached:
		merge(&a.cached, answer.Calls) // They have spent nothing.
	case len(answer.Usage) == 0:
		increase(&a.missing, "not_stated", 1)
	case answer.Cost != nil:
		a.stated += *answer.Cost
	default:
		a.price(answer)
	}
}

// price adds what an answer without a cost costs by the price list.
func (a *account) price(answer said) {
	if a.listed == nil {
		a.listed = make(map[string]float64)
	}
	for name, u := range answer.Usage {
		switch name {
		case pricedModel:
			a.listed[name] += 0.25*float64(u.Prompt) + 2*float64(u.Completion)
		case listedModel:
			a.listed[name] += 0.5*float64(u.Prompt-u.PromptDetails.Cached) + 0.125*float64(u.PromptDetails.Cached) + 4*float64(u.Completion)
		default:
			increase(&a.missing, "unpriced", 1)
		}
	}
}

// countedProgram is the DSPy program behind the service, and what it has said.
type countedProgram struct {
	service *service
	lm      string // the URL of the language model
	said    account
}

// send asks a question and returns the header and the body of the answer, which must have
// this status. A cache control of the request, if there is one, is the last argument.
func (p *countedProgram) send(t *testing.T, path, kind, question string, want int, control string) (http.Header, []byte) {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"prediction_type": kind, "inputs": map[string]string{"question": question, "context": "Two and two are four."},
	})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.service.address+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if control != "" {
		request.Header.Set("Cache-Control", control)
	}
	response, err := (&http.Client{Timeout: patience}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	whole, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != want {
		t.Fatalf("%s %q: got status %d, want %d: %v: %s", kind, question, response.StatusCode, want, err, whole)
	}
	return response.Header, whole
}

// ask asks the program, past the cache of the service. Its header says of each call
// whether DSPy's cache answered it.
func (p *countedProgram) ask(t *testing.T, kind, question string) {
	t.Helper()
	header, whole := p.send(t, "/predict", kind, question, http.StatusOK, "no-cache")
	p.said.add(kind, decodeSaid(t, whole))
	hits := numberIn(t, header, "DSPy-LM-Cache-Hits")
	p.said.hits += hits
	p.said.misses += numberIn(t, header, "DSPy-LM-Calls") - hits
}

// stream asks the program for a stream, which says of the whole answer alone whether
// DSPy's cache had it.
func (p *countedProgram) stream(t *testing.T, kind, question string) {
	t.Helper()
	_, whole := p.send(t, "/predict/stream", kind, question, http.StatusOK, "")
	chunks, last := events(whole)
	answer := decodeSaid(t, last)
	if chunks == 0 || answer.Cached {
		t.Fatalf("%q: no stream of a new answer: %s", question, whole)
	}
	p.said.add(kind, answer)
	p.said.misses++
}

func decodeSaid(t *testing.T, whole []byte) (answer said) {
	t.Helper()
	if err := json.Unmarshal(whole, &answer); err != nil {
		t.Fatalf("%v: %s", err, whole)
	}
	return answer
}

func numberIn(t *testing.T, header http.Header, name string) int {
	t.Helper()
	n, err := strconv.Atoi(header.Get(name))
	if err != nil {
		t.Fatalf("%s: %v: %v", name, err, header)
	}
	return n
}

// fail asks what the program fails to answer: its header says what that took.
func (p *countedProgram) fail(t *testing.T, kind, question string) {
	t.Helper()
	header, _ := p.send(t, "/predict", kind, question, http.StatusInternalServerError, "")
	number := func(name string) int { return numberIn(t, header, name) }
	cost, err := strconv.ParseFloat(header.Get("DSPy-Cost-USD"), 64)
	if err != nil {
		t.Fatalf("%v: %v", err, header)
	}
	var usage usageOf
	usage.Prompt, usage.Completion = number("DSPy-Input-Tokens"), number("DSPy-Output-Tokens")
	usage.PromptDetails.Cached, usage.CompletionDetails.Reasoning = number("DSPy-Cache-Read-Tokens"), number("DSPy-Reasoning-Tokens")
	calls := number("DSPy-LM-Calls")
	if got, want := header.Get("DSPy-LM-Calls-By-Model"), fmt.Sprint(pricedModel, "=", calls); got != want {
		t.Fatalf("calls by model: got %q, want %q", got, want)
	}
	p.said.add(kind, said{
		Usage: map[string]usageOf{pricedModel: usage}, Cost: &cost, Calls: map[string]int{pricedModel: calls},
		ToolCalls: number("DSPy-Tool-Calls"), ParseFailures: number("DSPy-Parse-Failures"),
		Finishes: map[string]int{"stop": calls},
	})
	if got, want := header.Get("DSPy-Finishes"), fmt.Sprint("stop=", calls); got != want {
		t.Fatalf("finishes: got %q, want %q", got, want)
	}
	p.said.failed++
	p.said.misses += calls
}

// askAgain asks what the cache of the service has, and takes what the answer once cost as
// saved.
func (p *countedProgram) askAgain(t *testing.T, kind, question string) {
	t.Helper()
	header, whole := p.send(t, "/predict", kind, question, http.StatusOK, "")
	if status := header.Get("Cache-Status"); !strings.Contains(status, "hit") {
		t.Fatalf("%q: not from the cache: %q", question, status)
	}
	for _, usage := range decodeSaid(t, whole).Usage {
		merge(&p.said.saved, usage.byType())
	}
	increase(&p.said.kinds, kind, 1)
	p.said.own++
}

// compareLog compares what the program says with the log of the language model.
func (p *countedProgram) compareLog(t *testing.T) {
	t.Helper()
	status, _, text, err := exchange(t, http.MethodGet, p.lm+"/log", nil)
	var log []struct {
		Model  string   `json:"model"`
		Usage  *usageOf `json:"usage"`
		Reason string   `json:"finish_reason"`
	}
	if err != nil || status != http.StatusOK || json.Unmarshal(text, &log) != nil {
		t.Fatalf("the log of the language model: status %d, %v: %s", status, err, text)
	}
	calls, tokens, finishes := make(map[string]int), make(map[string]map[string]int), make(map[string]int)
	for _, call := range log {
		name := "openai/" + call.Model
		calls[name]++
		finishes[call.Reason]++
		if call.Usage != nil {
			of := tokens[name]
			merge(&of, call.Usage.byType())
			tokens[name] = of
		}
	}
	asked := maps.Clone(p.said.calls)
	for name, hits := range p.said.cached {
		asked[name] -= hits
	}
	if diff := cmp.Diff(calls, asked); diff != "" {
		t.Errorf("calls (-the language model, +the program):\n%s", diff)
	}
	if diff := cmp.Diff(tokens, p.said.tokens); diff != "" {
		t.Errorf("tokens (-the language model, +the program):\n%s", diff)
	}
	if diff := cmp.Diff(finishes, p.said.finishes); diff != "" {
		t.Errorf("finishes (-the language model, +the program):\n%s", diff)
	}
}

// wantVaried fails if there was nothing of something to count.
func (a *account) wantVaried(t *testing.T) {
	t.Helper()
	for what, some := range map[string]bool{
		"several models":          len(a.calls) == 3 && len(a.tokens) == 3,
		"tool calls":              a.tools["react"] == 2,
		"parse failures":          a.parseFailures["predict"] > 2,
		"scores":                  a.scores["brief"] > 0 && a.scores["grounded"] > 0,
		"stated cost":             a.stated > 0,
		"cost of the price list":  a.listed[pricedModel] > 0 && a.listed[listedModel] > 0,
		"unpriced":                a.missing["unpriced"] == 2 && a.missing["not_stated"] == 1,
		"saved tokens":            a.saved["input"] > 0 && a.saved["cache_read"] > 0,
		"answers of DSPy's cache": a.hits > 0,
		"truncation":              a.finishes["length"] == 1,
	} {
		if !some {
			t.Errorf("%s: too little was asked: %+v", what, *a)
		}
	}
}

// compare returns an error for each count that the metrics and the program do not have in common.
func (a *account) compare(samples model.Vector) error {
	type metric struct {
		name   string
		labels model.LabelSet
		want   float64
	}
	var want []metric
	whole := func(name string, sum float64) { want = append(want, metric{name, nil, sum}) }
	// by adds the series of a label, and their sum: there are no more.
	by := func(name string, label model.LabelName, counts map[string]int) {
		for value, count := range counts {
			want = append(want, metric{name, model.LabelSet{label: model.LabelValue(value)}, float64(count)})
		}
		whole(name, float64(sum(counts)))
	}
	short := func(name string) model.LabelValue { return model.LabelValue(strings.TrimPrefix(name, "openai/")) }

	by("dspy_predictions_total", "prediction_type", a.kinds)
	by("dspy_tool_calls_total", "prediction_type", a.tools)
	by("dspy_parse_failures_total", "prediction_type", a.parseFailures)
	by("dspy_prediction_score_count", "score", a.scores)
	by("dspy_usage_missing_total", "reason", a.missing)
	by("dspy_tokens_saved_total", "token_type", a.saved)
	by("dspy_finishes_total", "finish_reason", a.finishes)
	whole("dspy_lm_calls_total", float64(sum(a.calls)))
	for name, count := range a.calls {
		want = append(want, metric{"dspy_lm_calls_total", model.LabelSet{"model": short(name)}, float64(count)})
	}
	all := 0
	for name, counts := range a.tokens {
		for what, count := range counts {
			labels := model.LabelSet{"model": short(name), "token_type": model.LabelValue(what)}
			want = append(want, metric{"dspy_tokens_total", labels, float64(count)})
			all += count
		}
	}
	whole("dspy_tokens_total", float64(all))
	stated, listed := model.LabelValue("provider"), model.LabelValue("local")
	want = append(want, metric{"dspy_cost_usd_total", model.LabelSet{"source": stated, "model": short(pricedModel)}, a.stated})
	usd := a.stated
	for name, cost := range a.listed {
		want = append(want, metric{"dspy_cost_usd_total", model.LabelSet{"source": listed, "model": short(name)}, cost})
		usd += cost
	}
	whole("dspy_cost_usd_total", usd)
	asked := float64(sum(a.kinds) - a.own)
	want = append(want,
		metric{"dspy_active_predictions", nil, 0},
		metric{"dspy_predictions_total", model.LabelSet{"status": "failure"}, float64(a.failed)},
		metric{"dspy_cache_hits_total", model.LabelSet{"cache_type": "memory"}, float64(a.own)},
		metric{"dspy_cache_hits_total", model.LabelSet{"cache_type": "dspy"}, float64(a.hits)},
		metric{"dspy_cache_misses_total", model.LabelSet{"cache_type": "dspy"}, float64(a.misses)},
		metric{"dspy_upstream_attempts_total", nil, asked},
		metric{"dspy_upstream_attempts_total", model.LabelSet{"outcome": "success"}, asked - float64(a.failed)},
		metric{"dspy_overhead_seconds_count", nil, asked},
		metric{"dspy_prediction_duration_seconds_count", nil, float64(sum(a.kinds))},
	)
	for _, m := range want {
		if got := total(samples, m.name, m.labels); math.Abs(got-m.want) > 1e-9*math.Max(1, m.want) {
			return fmt.Errorf("%s%s: got %v, the program says %v", m.name, m.labels, got, m.want)
		}
	}
	overhead, duration := total(samples, "dspy_overhead_seconds_sum", nil), total(samples, "dspy_prediction_duration_seconds_sum", nil)
	if overhead > duration {
		return fmt.Errorf("the overhead is %v s, the predictions took %v s", overhead, duration)
	}
	return nil
}

// TestDSPyCounts asks a real DSPy program one question after the other: an agent with a
// tool, completions that cannot be parsed, streams, answers of both caches, two models in
// one answer, and models with and without a price. What the metrics count is what the
// program says of each answer, and what the language model has logged.
func TestDSPyCounts(t *testing.T) {
	t.Parallel()
	lm, own := freeAddress(t), freeAddress(t)
	_, lmPort, _ := splitAddress(t, lm)
	startIn(t, dspyService, nil, "e2e-python", "tests/fake_lm.py", lmPort)
	host, port, url := splitAddress(t, own)
	programs, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	dspy := startIn(t, dspyService, []string{
		dspyPackage(t) + string(os.PathListSeparator) + programs,
		"DSPY_LM=" + pricedModel, "DSPY_LM_BASE_URL=http://" + lm + "/v1",
		"DSPY_LM_API_KEY=none", "DSPY_LM_RETRIES=0", "LITELLM_LOCAL_MODEL_COST_MAP=True",
	}, "e2e-python", "-m", "uvicorn", "two_models:app", "--host", host, "--port", port, "--log-level", "warning")
	until(t, dspy, func() error {
		status, _, _, err := exchange(t, http.MethodGet, url+"/health", nil)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("health: status %d", status)
		}
		return err
	})
	list := filepath.Join(t.TempDir(), "prices.json")
	if err := os.WriteFile(list, []byte(housePrices), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &countedProgram{lm: "http://" + lm, service: serve(t, "--upstream", url, "--route", "/predict", "--route", "/predict/stream",
		"--cache", "memory", "--prices", list, "--service", "qa")}

	p.ask(t, "predict", "Plain? [[tokens 1000 400 200 50]]")
	p.askAgain(t, "predict", "Plain? [[tokens 1000 400 200 50]]")
	p.ask(t, "predict", "Plain? [[tokens 1000 400 200 50]]")
	p.ask(t, "predict", "A second try? [[fault prose]] [[tokens 300 10 40 4]]")
	p.fail(t, "predict", "No form at all? [[fault garbage]] [[tokens 70 7 30 2]]")
	p.ask(t, "predict", "How much? [[no usage]]")
	p.ask(t, "predict", "Too long? [[fault cut]] [[tokens 60 6 20 2]]")
	p.ask(t, "cot", "Two? [[tokens 500 100 60 6]]")
	p.ask(t, "cot", "Two? [[tokens 500 100 60 6]]")
	p.ask(t, "react", "Sum? [[tokens 100 20 10 1]]")
	p.stream(t, "predict", "Flow? [[tokens 80 8 20 2]]")
	p.stream(t, "react", "Flow of an agent? [[tokens 90 9 30 3]]")

	p.said.wantVaried(t)
	p.compareLog(t)
	until(t, p.service.process, func() error { return p.said.compare(p.service.samples(t)) })
}
