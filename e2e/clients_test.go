package e2e

import (
	"testing"

	"github.com/dspy-metrics/dspy-metrics/e2e/provider"
)

// providerClient is a client of language models, of those in the folder clients.
type providerClient struct {
	name        string
	routes      []string
	calls       []callKind
	streams     int
	synchronous bool // there is no other way to use it
	// The client does not show its user each event of a stream, and its synchronous
	// form reads on in the background when the user leaves.
	hides, readsOn bool
	// The error types of what goes wrong in the middle of a stream.
	lateOverload, lateRateLimit string
}

// callKind is one of the ways in which a client asks.
type callKind struct {
	name   string
	tokens []string // the types that the provider states
	cost   bool     // the provider states it
	whole  bool     // there are no streams
	// A stream without its end mark is a whole one for it, whose usage it makes up.
	blind bool
}

func providerClients() []providerClient {
	const rateLimit, unavailable, failed = "rate_limit", "upstream_unavailable", "prediction_failed"
	const chat, messages = "/v1/chat/completions", "/v1/messages"
	openAI := []string{"input", "output", "cache_read", "reasoning"}
	anthropic := []string{"input", "output", "cache_read", "cache_write"}
	plain := []string{"input", "output"}
	return []providerClient{
		{
			name: "openai", routes: []string{chat, "/v1/completions", "/v1/embeddings"}, streams: 1200, // of embeddings there are none
			calls: []callKind{
				{name: "chat", tokens: openAI, cost: true},
				{name: "completions", tokens: openAI, cost: true},
				{name: "embeddings", tokens: []string{"input"}, whole: true},
			},
			lateOverload: unavailable, lateRateLimit: rateLimit,
		},
		{
			name: "responses", routes: []string{"/v1/responses"}, streams: 200,
			calls:        []callKind{{name: "responses", tokens: openAI, cost: true}},
			lateOverload: failed, lateRateLimit: rateLimit,
		},
		{
			name: "anthropic", routes: []string{messages}, streams: 1000,
			calls:        []callKind{{name: "create", tokens: anthropic, cost: true}, {name: "helper", tokens: anthropic, cost: true}},
			lateOverload: unavailable, lateRateLimit: rateLimit,
		},
		{
			name: "litellm", routes: []string{chat, messages}, streams: 1000, hides: true,
			calls:        []callKind{{name: "openai", tokens: openAI, cost: true, blind: true}, {name: "anthropic", tokens: anthropic, cost: true, blind: true}},
			lateOverload: unavailable, lateRateLimit: rateLimit,
		},
		{
			name: "dspy", routes: []string{chat, messages}, streams: 1000, hides: true, readsOn: true,
			calls: []callKind{
				{name: "openai", tokens: openAI, cost: true},
				{name: "anthropic", tokens: anthropic, cost: true},
				{name: "litellm", tokens: openAI, cost: true, blind: true},
			},
			lateOverload: unavailable, lateRateLimit: rateLimit,
		},
		{
			name: "gemini", routes: []string{"/v1beta/models/{call}"}, streams: 120,
			calls:        []callKind{{name: "generate", tokens: openAI}},
			lateOverload: unavailable, lateRateLimit: rateLimit,
		},
		{
			name: "cohere", routes: []string{"/v2/chat"}, streams: 120,
			calls:        []callKind{{name: "chat", tokens: plain}},
			lateOverload: failed, lateRateLimit: failed,
		},
		{
			name: "ollama", routes: []string{"/api/chat"}, streams: 120,
			calls:        []callKind{{name: "chat", tokens: plain}},
			lateOverload: failed, lateRateLimit: failed,
		},
		{
			name: "bedrock", routes: []string{"/model/{model}/converse", "/model/{model}/converse-stream"}, streams: 120, synchronous: true,
			calls:        []callKind{{name: "converse", tokens: anthropic}},
			lateOverload: unavailable, lateRateLimit: rateLimit,
		},
	}
}

// TestClients has the clients of language models ask a program that speaks as
// their providers do. What the clients read is what the metrics say.
func TestClients(t *testing.T) {
	t.Parallel()
	program := serveHTTP(t, provider.Handler())
	for _, c := range providerClients() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			flags := []string{"--upstream", program, "--retries", "0", "--max-concurrency", "256", "--max-client-concurrency", "0"}
			for _, route := range c.routes {
				flags = append(flags, "--route", route)
			}
			for attempt := 1; ; attempt++ {
				answers, failures := serve(t, flags...), serve(t, flags...)
				succeeding, failing := c.answers("http://"+answers.address), c.failures("http://"+failures.address)
				if crashed := c.make(t, append(succeeding, failing...)); crashed && attempt < 3 {
					continue
				} else if crashed {
					t.Fatal("the client crashes each time")
				}
				if t.Failed() {
					return
				}
				until(t, answers.process, func() error { return compareAnswers(answers.samples(t), succeeding) })
				until(t, failures.process, func() error { return compareFailures(failures.samples(t), failing, c.hides) })
				return
			}
		})
	}
}
