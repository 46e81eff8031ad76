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
	// The synchronous client reads on in the background when its user leaves.
	readsOn bool
	// The error types of what goes wrong in the middle of a stream.
	lateOverload, lateRateLimit string
}

// callKind is one of the ways in which a client asks.
type callKind struct {
	name, model string
	tokens      []string // the types that the provider states
	cost        bool     // the provider states it
	// A stream without its end mark is a whole one for it, whose usage it makes up.
	blind bool
}

func providerClients() []providerClient {
	const rateLimit, unavailable, failed = "rate_limit", "upstream_unavailable", "prediction_failed"
	const chat, messages, gpt, claude = "/v1/chat/completions", "/v1/messages", "gpt-4o-mini", "claude-sonnet-4-5"
	openAI := []string{"input", "output", "cache_read", "reasoning"}
	anthropic := []string{"input", "output", "cache_read", "cache_write"}
	plain := []string{"input", "output"}
	return []providerClient{
		{
			name: "openai", routes: []string{chat, "/v1/completions"}, streams: 800, lateOverload: unavailable, lateRateLimit: rateLimit,
			calls: []callKind{{"chat", gpt, openAI, true, false}, {"completions", gpt, openAI, true, false}},
		},
		{
			name: "responses", routes: []string{"/v1/responses"}, streams: 200, lateOverload: failed, lateRateLimit: rateLimit,
			calls: []callKind{{"responses", "gpt-5", openAI, true, false}},
		},
		{
			name: "anthropic", routes: []string{messages}, streams: 1000, lateOverload: unavailable, lateRateLimit: rateLimit,
			calls: []callKind{{"create", claude, anthropic, true, false}, {"helper", claude, anthropic, true, false}},
		},
		{
			name: "litellm", routes: []string{chat, messages}, streams: 1000, lateOverload: unavailable, lateRateLimit: rateLimit,
			calls: []callKind{{"openai", gpt, openAI, true, true}, {"anthropic", claude, anthropic, true, true}},
		},
		{
			name: "dspy", routes: []string{chat, messages}, streams: 1000, readsOn: true, lateOverload: unavailable, lateRateLimit: rateLimit,
			calls: []callKind{{"openai", gpt, openAI, true, false}, {"anthropic", claude, anthropic, true, false}, {"litellm", gpt, openAI, true, true}},
		},
		{
			name: "gemini", routes: []string{"/v1beta/models/{call}"}, streams: 120, lateOverload: unavailable, lateRateLimit: rateLimit,
			calls: []callKind{{"generate", "gemini-2.5-flash", openAI, false, false}},
		},
		{
			name: "cohere", routes: []string{"/v2/chat"}, streams: 120, lateOverload: failed, lateRateLimit: failed,
			calls: []callKind{{"chat", "command-r", plain, false, false}},
		},
		{
			name: "ollama", routes: []string{"/api/chat"}, streams: 120, lateOverload: failed, lateRateLimit: failed,
			calls: []callKind{{"chat", "llama3", plain, false, false}},
		},
		{
			name: "bedrock", routes: []string{"/model/{model}/converse", "/model/{model}/converse-stream"}, streams: 120, synchronous: true,
			lateOverload: unavailable, lateRateLimit: rateLimit, calls: []callKind{{"converse", "anthropic.claude", anthropic, false, false}},
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
			answers, failures := serve(t, flags...), serve(t, flags...)
			succeeding, failing := c.answers("http://"+answers.address), c.failures("http://"+failures.address)
			c.make(t, append(succeeding, failing...))
			if t.Failed() {
				return
			}
			until(t, answers.process, func() error { return compareAnswers(answers.samples(t), succeeding) })
			until(t, failures.process, func() error { return compareFailures(failures.samples(t), failing) })
		})
	}
}
