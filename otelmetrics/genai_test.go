package otelmetrics_test

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/internal/difference"
	"github.com/dspy-metrics/dspy-metrics/internal/golden"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/verbs"
	"github.com/dspy-metrics/dspy-metrics/views"
)

const bothGenerations = otelmetrics.GenAIReleased | otelmetrics.GenAINew

func gpt() otelmetrics.Model {
	return otelmetrics.Model{
		Provider: "openai", Name: "gpt-4o-mini", ResponseName: "gpt-4o-mini-2024-07-18", Server: "api.openai.com:443",
	}
}

// measureModels measures whatever the conventions have a metric for.
func measureModels(t testing.TB, m *otelmetrics.Metrics, clock *clock) {
	t.Helper()
	ctx, p := m.StartPrediction(t.Context(), otelmetrics.ChainOfThought)
	p.SetModel(gpt())
	clock.pass(300 * time.Millisecond)
	p.FirstToken()
	clock.pass(4 * time.Second)
	p.AddTokens(otelmetrics.TokensInput, 1500)
	p.AddTokens(otelmetrics.TokensCacheRead, 1024)
	p.AddTokens(otelmetrics.TokensCacheWrite, 12)
	p.AddTokens(otelmetrics.TokensOutput, 90)
	p.AddTokens(otelmetrics.TokensReasoning, 64)
	p.AddUsage(otelmetrics.Usage{Model: otelmetrics.Model{Provider: "anthropic", Name: "claude-sonnet-4-5", Server: "gateway"}, Tokens: otelmetrics.Tokens{Input: 40}})
	p.End(nil)

	_, agent := m.StartPrediction(ctx, otelmetrics.ReAct)
	clock.pass(100 * time.Second)
	agent.AddUsage(otelmetrics.Usage{Model: gpt(), Calls: 2})
	agent.AddUsage(otelmetrics.Usage{Calls: 1})
	agent.AddUsage(otelmetrics.Usage{ToolCalls: 2})
	err := error(&otelmetrics.Error{Type: otelmetrics.ErrorRateLimit})
	agent.End(&err)
	_, other := m.StartPrediction(ctx, otelmetrics.Predict)
	err = &otelmetrics.Error{Type: otelmetrics.ErrorOther}
	other.End(&err)
	m.RecordUsage(ctx, otelmetrics.Predict, otelmetrics.Usage{Tokens: otelmetrics.Tokens{Output: 5}})
	otelmetrics.RecordTimeToFirstToken(ctx, m.Recorder, otelmetrics.ReAct, time.Second)
}

// ofModels returns the lines of a page that are not the contract's.
func ofModels(page string) string { return lines(page, true) }

func ofContract(page string) string { return lines(page, false) }

func lines(page string, genAI bool) string {
	var out strings.Builder
	for line := range strings.Lines(page) {
		if strings.Contains(line, "gen_ai_") == genAI {
			out.WriteString(line)
		}
	}
	return out.String()
}

func TestGenAIExposition(t *testing.T) {
	t.Parallel()
	for file, generation := range map[string]otelmetrics.GenAI{
		"genai_released.txt": otelmetrics.GenAIReleased,
		"genai_new.txt":      otelmetrics.GenAINew,
	} {
		clock := newClock()
		m := newRecorder(t, otelmetrics.WithGenAI(generation), otelmetrics.WithClock(clock.Now))
		measureModels(t, m, clock)
		golden.Check(t, "testdata/"+file, ofModels(scrape(t, m, text)))
		wantOpenMetrics(t, scrape(t, m, openMetrics))
	}
}

// The contract's own series are the same to the byte with the conventions on.
func TestGenAILeavesTheContractAlone(t *testing.T) {
	t.Parallel()
	page := func(generations otelmetrics.GenAI) string {
		clock := newClock()
		m := newRecorder(t, otelmetrics.WithGenAI(generations), otelmetrics.WithClock(clock.Now), otelmetrics.WithContract(verbs.Contract()))
		measureAll(t, m, clock)
		measureModels(t, m, clock)
		all := verbs.All()
		for _, name := range slices.Sorted(maps.Keys(all)) { // who is first has the places
			for i := range 100 { // over every budget
				all[name].Record(m, fmt.Sprint("value ", i))
			}
		}
		for i := range 100 {
			_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
			p.SetModel(otelmetrics.Model{Name: fmt.Sprint("model ", i)})
			p.End(nil)
		}
		return scrape(t, m, text)
	}
	off, on := page(0), page(bothGenerations)
	if strings.Contains(off, "gen_ai") || !strings.Contains(on, "gen_ai") {
		t.Fatal("got gen_ai metrics with them off, or none with them on")
	}
	if diff := difference.Of(off, ofContract(on)); diff != "" {
		t.Errorf("got another contract with the conventions on (-off +on):\n%s", diff)
	}
}

// fact is what a generation of the conventions says about one of its metrics,
// written down from its text and not from our code.
type fact struct {
	kind, unit, description string
	buckets                 []float64
	required                []string // attributes
}

func facts() map[string]fact {
	seconds := []float64{0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92}
	call := []string{"gen_ai.operation.name", "gen_ai.provider.name"}
	usage := []string{"gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.token.modality"}
	return map[string]fact{
		"gen_ai.client.operation.duration": {"histogram", "s", "GenAI operation duration.", seconds, call},
		"gen_ai.client.operation.time_to_first_chunk": {"histogram", "s", "Time to receive the first chunk, measured from when the client issues " +
			"the generation request to when the first chunk is received in the response stream.", seconds, call},
		"gen_ai.client.token.usage": {
			"histogram", "{token}", "Number of input and output tokens used.",
			[]float64{1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864},
			[]string{"gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.token.type"},
		},
		"gen_ai.invoke_agent.duration": {
			"histogram", "s", "The end-to-end duration of a single agent invocation, from the moment the invocation starts until the agent " +
				"emits the last chunk of its final response or terminates with an error.",
			[]float64{0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6},
			[]string{"gen_ai.operation.name", "gen_ai.agent.name"},
		},
		"gen_ai.invoke_agent.inference_calls": {
			"histogram", "{inference_call}", "How many times an agent asked language models in one invocation.",
			[]float64{1, 2, 4, 8, 16, 32, 64, 128},
			[]string{"gen_ai.operation.name", "gen_ai.agent.name"},
		},
		"gen_ai.invoke_agent.tool_calls": {
			"histogram", "{tool_call}", "How many times an agent called tools in one invocation.",
			[]float64{1, 2, 4, 8, 16, 32, 64, 128},
			[]string{"gen_ai.operation.name", "gen_ai.agent.name"},
		},
		"gen_ai.client.inference.usage.input_tokens": {
			"counter", "{token}",
			"The number of input (prompt) tokens used, including cached tokens.", nil, usage,
		},
		"gen_ai.client.inference.usage.output_tokens": {
			"counter", "{token}",
			"The number of output (completion) tokens used, including reasoning tokens.", nil, usage,
		},
		"gen_ai.client.inference.usage.cache_read.input_tokens": {
			"counter", "{token}",
			"The number of input tokens served from a provider-managed cache.", nil, usage,
		},
		"gen_ai.client.inference.usage.cache_write.input_tokens": {
			"counter", "{token}",
			"The number of input tokens written to a provider-managed cache.", nil, usage,
		},
		"gen_ai.client.inference.usage.reasoning.output_tokens": {
			"counter", "{token}",
			"The number of output tokens used for reasoning (e.g. chain-of-thought, extended thinking).", nil, usage,
		},
	}
}

// TestGenAIPush compares what arrives by OTLP with the conventions, and with the
// scrape of the same recorder.
func TestGenAIPush(t *testing.T) {
	t.Parallel()
	collector := otlptest.NewGRPC(t)
	clock := newClock()
	m := newRecorder(t, otelmetrics.WithGenAI(bothGenerations), otelmetrics.WithModel(otelmetrics.Model{Provider: "openai"}),
		otelmetrics.WithClock(clock.Now), otelmetrics.WithOTLP(collector.Endpoint()), otelmetrics.WithOTLPProtocol("grpc"))
	measureModels(t, m, clock)
	want := samples(t, ofModels(scrape(t, m, text)))
	if err := m.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var pushed int
	for name, metric := range metricsOf(last(t, collector)) {
		if !strings.HasPrefix(name, "gen_ai") {
			continue
		}
		pushed++
		said, ok := facts()[name]
		if !ok {
			t.Errorf("got %s, which no generation has", name)
			continue
		}
		if metric.Unit != said.unit || metric.Description != said.description {
			t.Errorf("%s: got unit %q, description %q, want %q, %q", name, metric.Unit, metric.Description, said.unit, said.description)
		}
		if metric.Monotonic != (said.kind == "counter") || len(metric.Points) == 0 {
			t.Errorf("%s: got a %s with %d points, want a %s", name, metric.Kind, len(metric.Points), said.kind)
		}
		for _, point := range metric.Points {
			if diff := difference.Of(said.buckets, point.Bounds); metric.Kind == otlptest.Histogram && diff != "" {
				t.Errorf("%s: got other buckets (-want +got):\n%s", name, diff)
			}
			got := point.Attributes
			for _, key := range said.required {
				if got[key] == "" {
					t.Errorf("%s: got %v, want %s, which is required", name, got, key)
				}
			}
			if got["server.address"] == "api.openai.com" && got["server.port"] != "443" {
				t.Errorf("%s: got %v, want server.port 443", name, got)
			}
		}
	}
	if pushed != len(facts()) {
		t.Errorf("got %d gen_ai metrics, want %d", pushed, len(facts()))
	}
	got := make(map[string]float64)
	for series, value := range pushedSamples(last(t, collector)) {
		if strings.HasPrefix(series, "gen_ai") {
			got[prometheusSeries(series)] = value
		}
	}
	if diff := difference.Of(want, got); diff != "" {
		t.Errorf("the push differs from the scrape (-scrape +push):\n%s", diff)
	}
}

// prometheusSeries writes a series the way the exposition does: its names with
// underscores, its unit and kind as a suffix.
func prometheusSeries(pushed string) string {
	name, labels, _ := strings.Cut(pushed, "{")
	part := ""
	for _, suffix := range []string{"_count", "_sum", "_bucket"} {
		if base, ok := strings.CutSuffix(name, suffix); ok {
			name, part = base, suffix
		}
	}
	switch said := facts()[name]; {
	case said.kind == "counter":
		part = "_total"
	case said.unit == "s":
		part = "_seconds" + part
	}
	name = strings.ReplaceAll(name, ".", "_") + part
	key := regexp.MustCompile(`[a-z_.]+=`)
	return name + "{" + key.ReplaceAllStringFunc(labels, func(key string) string { return strings.ReplaceAll(key, ".", "_") })
}

// The calls of a prediction are one observation, where anybody reports them.
func TestGenAICalls(t *testing.T) {
	t.Parallel()
	m := newRecorder(t, otelmetrics.WithGenAI(bothGenerations))
	for _, calls := range []struct{ lm, tools int64 }{{3, 2}, {1, 0}, {0, 0}, {-1, -1}} {
		_, p := m.StartPrediction(t.Context(), otelmetrics.ReAct)
		p.AddUsage(otelmetrics.Usage{Calls: calls.lm})
		p.AddUsage(otelmetrics.Usage{ToolCalls: calls.tools})
		p.End(nil)
	}
	got := samples(t, ofModels(scrape(t, m, text)))
	const labels = `{gen_ai_agent_name="qa",gen_ai_operation_name="invoke_agent"}`
	for series, want := range map[string]float64{
		"gen_ai_invoke_agent_inference_calls_count" + labels: 2, "gen_ai_invoke_agent_inference_calls_sum" + labels: 4,
		"gen_ai_invoke_agent_tool_calls_count" + labels: 1, "gen_ai_invoke_agent_tool_calls_sum" + labels: 2,
	} {
		if got[series] != want {
			t.Errorf("%s: got %v, want %v", series, got[series], want)
		}
	}
}

// A prediction is one operation, and its tokens are counted once.
func TestGenAICountsOnce(t *testing.T) {
	t.Parallel()
	clock := newClock()
	m := newRecorder(t, otelmetrics.WithGenAI(bothGenerations), otelmetrics.WithClock(clock.Now))
	measureModels(t, m, clock)
	got := samples(t, scrape(t, m, text))
	predictions := total(got, "dspy_prediction_duration_seconds_count")
	for _, name := range []string{"gen_ai_client_operation_duration_seconds_count", "gen_ai_invoke_agent_duration_seconds_count"} {
		if total(got, name) != predictions {
			t.Errorf("%s: got %v, want %v, one for each prediction", name, total(got, name), predictions)
		}
	}
	for what, name := range map[string]string{
		"input": "input_tokens", "output": "output_tokens", "cache_read": "cache_read_input_tokens",
		"cache_write": "cache_write_input_tokens", "reasoning": "reasoning_output_tokens",
	} {
		var spent float64
		for series, value := range got {
			if strings.HasPrefix(series, "dspy_tokens_total{") && strings.Contains(series, fmt.Sprintf("token_type=%q", what)) {
				spent += value
			}
		}
		if sum := total(got, "gen_ai_client_inference_usage_"+name+"_total"); sum != spent || spent == 0 {
			t.Errorf("%s: got %v, want %v as dspy_tokens_total", name, sum, spent)
		}
	}
	usage := total(got, "gen_ai_client_token_usage_sum")
	if want := total(got, "gen_ai_client_inference_usage_input") + total(got, "gen_ai_client_inference_usage_output"); usage != want {
		t.Errorf("gen_ai_client_token_usage: got %v, want input and output, %v", usage, want)
	}
}

func TestGenAIBudget(t *testing.T) {
	t.Parallel()
	var log logs
	m := newRecorder(t, log.option(), otelmetrics.WithGenAI(bothGenerations))
	for i := range 10_000 {
		name := fmt.Sprint("name ", i)
		_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
		p.SetModel(otelmetrics.Model{Provider: "p", Name: name})
		err := error(&otelmetrics.Error{Type: otelmetrics.ErrorType(name)})
		p.End(&err)
	}
	models, types := map[string]bool{}, map[string]bool{}
	for _, metric := range families(t, scrape(t, m, text))["gen_ai_invoke_agent_duration_seconds"].GetMetric() {
		for _, pair := range metric.GetLabel() {
			switch pair.GetName() {
			case "gen_ai_request_model":
				models[pair.GetValue()] = true
			case "error_type":
				types[pair.GetValue()] = true
			}
		}
	}
	if len(models) != 65 || !models["other"] {
		t.Errorf("got %d models, want 64 and other", len(models))
	}
	if len(types) != 33 || !types["_OTHER"] {
		t.Errorf("got %d error types, want 32 and _OTHER", len(types))
	}
	if got := len(log.lines("label=gen_ai.request.model")); got == 0 || got > 20 {
		t.Errorf("got %d lines about models over the budget, want some and few", got)
	}
}

func TestGenAISwitch(t *testing.T) {
	t.Parallel()
	const duration, invocation = "gen_ai_client_operation_duration_seconds", "gen_ai_invoke_agent_duration_seconds"
	for name, test := range map[string]struct {
		optIn   string
		options []otelmetrics.Option
		want    []string
	}{
		"default":             {},
		"released":            {options: []otelmetrics.Option{otelmetrics.WithGenAI(otelmetrics.GenAIReleased)}, want: []string{duration}},
		"both":                {options: []otelmetrics.Option{otelmetrics.WithGenAI(bothGenerations)}, want: []string{duration, invocation}},
		"variable":            {optIn: "http, gen_ai_latest_experimental", want: []string{invocation}},
		"variable for others": {optIn: "http/dup,database"},
		"off over variable":   {optIn: "gen_ai_latest_experimental", options: []otelmetrics.Option{otelmetrics.WithGenAI(0)}},
		"released over variable": {
			optIn:   "gen_ai_latest_experimental",
			options: []otelmetrics.Option{otelmetrics.WithGenAI(otelmetrics.GenAIReleased)}, want: []string{duration},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newRecorder(t, append(test.options,
				otelmetrics.WithEnvironment(map[string]string{"OTEL_SEMCONV_STABILITY_OPT_IN": test.optIn}))...)
			_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
			p.SetModel(gpt())
			p.AddUsage(otelmetrics.Usage{Model: gpt(), Tokens: otelmetrics.Tokens{Input: 0}}) // nothing
			p.End(nil)
			var got []string
			for family := range families(t, scrape(t, m, text)) {
				if strings.HasPrefix(family, "gen_ai") {
					got = append(got, family)
				}
			}
			slices.Sort(got)
			if diff := difference.Of(test.want, got); diff != "" {
				t.Errorf("got other metrics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGenAIUnknownGeneration(t *testing.T) {
	t.Parallel()
	_, err := otelmetrics.New(t.Context(), otelmetrics.WithGenAI(8))
	if err == nil || !strings.Contains(err.Error(), "option WithGenAI: 8 is no generation; use GenAIReleased, GenAINew or both") {
		t.Errorf("got %v, want an error that names the option and the remedy", err)
	}
}

func TestGenAIOfNothing(t *testing.T) {
	t.Parallel()
	var none *otelmetrics.Prediction
	for _, p := range []*otelmetrics.Prediction{none, new(otelmetrics.Prediction)} {
		p.SetModel(gpt())
		p.AddUsage(otelmetrics.Usage{Model: gpt(), Tokens: otelmetrics.Tokens{Input: 1}})
	}
}

// Services share the provider's series and have an agent each.
func TestGenAIServices(t *testing.T) {
	t.Parallel()
	m := newRecorder(t, otelmetrics.WithGenAI(bothGenerations))
	other, err := m.ForService("search")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*otelmetrics.Recorder{m.Recorder, other} {
		_, p := r.StartPrediction(t.Context(), otelmetrics.Predict)
		p.End(nil)
	}
	_, failed := m.StartPrediction(t.Context(), otelmetrics.Predict)
	err = &otelmetrics.Error{} // without a type
	failed.End(&err)
	got := samples(t, scrape(t, m, text))
	for series, want := range map[string]float64{
		`gen_ai_client_operation_duration_seconds_count{gen_ai_operation_name="invoke_workflow",gen_ai_provider_name="unknown"}`:          2,
		`gen_ai_invoke_agent_duration_seconds_count{gen_ai_agent_name="qa",gen_ai_operation_name="invoke_workflow"}`:                      1,
		`gen_ai_invoke_agent_duration_seconds_count{gen_ai_agent_name="search",gen_ai_operation_name="invoke_workflow"}`:                  1,
		`gen_ai_invoke_agent_duration_seconds_count{error_type="unknown",gen_ai_agent_name="qa",gen_ai_operation_name="invoke_workflow"}`: 1,
	} {
		if got[series] != want {
			t.Errorf("%s: got %v, want %v", series, got[series], want)
		}
	}
}

// Own labels are the contract's. Their recorders share the series of the
// conventions.
func TestGenAIOwnLabel(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	contract.AddLabel(views.Label{Key: "tenant", Description: "Who asks", Budget: 4})
	m := newRecorder(t, otelmetrics.WithContract(contract), otelmetrics.WithGenAI(bothGenerations))
	for _, tenant := range []string{"a", "b", "b"} {
		_, p := m.With("tenant", tenant).StartPrediction(t.Context(), otelmetrics.Predict)
		p.SetModel(gpt())
		p.End(nil)
	}
	got := samples(t, scrape(t, m, text))
	series := `gen_ai_invoke_agent_duration_seconds_count{gen_ai_agent_name="qa",gen_ai_operation_name="invoke_workflow",gen_ai_request_model="gpt-4o-mini"}`
	if got[series] != 3 {
		t.Errorf("%s: got %v, want 3", series, got[series])
	}
}

// With a provider of the user's, its views and aggregations hold.
func TestGenAIOwnMeterProvider(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	m := newRecorder(t, otelmetrics.WithGenAI(bothGenerations),
		otelmetrics.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))))
	clock := newClock()
	measureModels(t, m, clock)
	var collected metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &collected); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for _, metric := range collected.ScopeMetrics[0].Metrics {
		found[metric.Name] = true
		histogram, ok := metric.Data.(metricdata.Histogram[float64])
		if said, known := facts()[metric.Name]; known && ok && !slices.Equal(histogram.DataPoints[0].Bounds, said.buckets) {
			t.Errorf("%s: got buckets %v, want %v", metric.Name, histogram.DataPoints[0].Bounds, said.buckets)
		}
	}
	for name := range facts() {
		if !found[name] {
			t.Errorf("got no %s, want it", name)
		}
	}
}

// Models that are not measured any more make room for others.
func TestGenAIIdle(t *testing.T) {
	t.Parallel()
	clock := newClock()
	m := newRecorder(t, otelmetrics.WithGenAI(otelmetrics.GenAINew), otelmetrics.WithIdleTimeout(time.Hour), otelmetrics.WithClock(clock.Now))
	for i := range 200 {
		_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
		p.SetModel(otelmetrics.Model{Name: fmt.Sprint("model ", i)})
		p.End(nil)
		_ = scrape(t, m, text)
		clock.pass(30 * time.Minute)
	}
	page := scrape(t, m, text)
	if strings.Contains(page, `gen_ai_request_model="other"`) || !strings.Contains(page, `gen_ai_request_model="model 199"`) ||
		strings.Contains(page, `gen_ai_request_model="model 0"`) {
		t.Errorf("got other models, want the last ones only:\n%s", ofModels(page))
	}
}

func TestGenAIAllocations(t *testing.T) {
	m := newRecorder(t, otelmetrics.WithGenAI(bothGenerations))
	ctx := t.Context()
	predictor := m.Predictor(otelmetrics.ReAct)
	for name, measure := range map[string]func(){
		"prediction": func() {
			_, p := predictor.Start(ctx)
			p.SetModel(gpt())
			p.FirstToken()
			p.AddTokens(otelmetrics.TokensInput, 1)
			p.AddUsage(otelmetrics.Usage{Model: gpt(), Tokens: otelmetrics.Tokens{CacheRead: 1}})
			p.End(nil)
		},
		"tokens": func() {
			m.RecordUsage(ctx, otelmetrics.Predict, otelmetrics.Usage{Tokens: otelmetrics.Tokens{Output: 1}})
		},
	} {
		if got := testing.AllocsPerRun(200, measure); got != 0 {
			t.Errorf("%s: got %v allocations, want 0", name, got)
		}
	}
	failure := func(m *otelmetrics.Metrics) float64 {
		err := error(&otelmetrics.Error{Type: otelmetrics.ErrorRateLimit})
		return testing.AllocsPerRun(200, func() {
			_, p := m.StartPrediction(ctx, otelmetrics.Predict)
			p.End(&err)
		})
	}
	if got, want := failure(m), failure(newRecorder(t)); got != want { // to classify the error
		t.Errorf("failure: got %v allocations, want %v as without the conventions", got, want)
	}
}

// TestGenAIConcurrent adds up what many goroutines measured while it is scraped.
func TestGenAIConcurrent(t *testing.T) {
	t.Parallel()
	const goroutines, each = 8, 500
	m := newRecorder(t, otelmetrics.WithGenAI(bothGenerations))
	done := make(chan struct{}, goroutines)
	for g := range goroutines {
		go func() {
			defer func() { done <- struct{}{} }()
			for i := range each {
				_, p := m.StartPrediction(background(), otelmetrics.ReAct)
				p.SetModel(otelmetrics.Model{Provider: "openai", Name: fmt.Sprint("model ", i%(g+90))})
				p.AddTokens(otelmetrics.TokensInput, 2)
				err := errors.New("no")
				p.End(&err)
			}
		}()
	}
	for ended := 0; ended < goroutines; {
		select {
		case <-done:
			ended++
		default:
			_ = scrape(t, m, text)
		}
	}
	got := samples(t, scrape(t, m, text))
	for prefix, want := range map[string]float64{
		"gen_ai_client_operation_duration_seconds_count":   goroutines * each,
		"gen_ai_invoke_agent_duration_seconds_count":       goroutines * each,
		"gen_ai_client_inference_usage_input_tokens_total": goroutines * each * 2,
	} {
		if sum := total(got, prefix); sum != want {
			t.Errorf("%s: got %v, want %v", prefix, sum, want)
		}
	}
}
