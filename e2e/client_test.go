package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func kinds() []string { return []string{"predict", "cot", "react"} }

// sight is what clients saw, by which the metrics are judged.
type sight struct {
	predictions, hits, shared, streams, ownHits, ownMisses int
	cost                                                   float64
	kinds, errors, tokens, statuses                        map[string]int
}

func (s *sight) add(other sight) {
	s.predictions += other.predictions
	s.hits += other.hits
	s.shared += other.shared
	s.streams += other.streams
	s.ownHits += other.ownHits
	s.ownMisses += other.ownMisses
	s.cost += other.cost
	merge(&s.kinds, other.kinds)
	merge(&s.errors, other.errors)
	merge(&s.tokens, other.tokens)
	merge(&s.statuses, other.statuses)
}

func merge(into *map[string]int, from map[string]int) {
	for key, count := range from {
		increase(into, key, count)
	}
}

func increase(counts *map[string]int, key string, by int) {
	if *counts == nil {
		*counts = make(map[string]int)
	}
	(*counts)[key] += by
}

func sum(counts map[string]int) int {
	total := 0
	for count := range maps.Values(counts) {
		total += count
	}
	return total
}

// client asks one question after the other and keeps what it saw.
type client struct {
	url    string
	random *rand.Rand
	seen   sight
}

// answer is what a DSPy service says of itself.
type answer struct {
	Usage  map[string]usageOf `json:"usage"`
	Cost   float64            `json:"cost_usd"`
	Cached *bool              `json:"cached"`
}

// fault is what goes wrong on the way, and how that counts.
type fault struct {
	header, question, path string
	errorType              string
	status                 int // 0 if the answer breaks off
}

func faults() []fault {
	return []fault{
		{header: "429", errorType: "rate_limit", status: 429},
		{header: "500", errorType: "prediction_failed", status: 500},
		{header: "panic", errorType: "prediction_failed", status: 500},
		{header: "slow=120", errorType: "timeout", status: 504},
		{header: "hangup", errorType: "upstream_unavailable", status: 502},
		{header: "break-stream", path: "/predict/stream", errorType: "upstream_unavailable"},
		{question: "[[fault 429]]", errorType: "rate_limit", status: 429},
		{question: "[[fault 500]]", errorType: "upstream_unavailable", status: 502},
		{question: "[[fault garbage]]", errorType: "prediction_failed", status: 500},
		{question: strings.Repeat("x", 0), errorType: "invalid_input", status: 400},
		{header: "leave", path: "/predict/stream", question: "[[fault drip 1]]", errorType: "canceled"},
	}
}

// ask asks a question of a random kind: one in four goes wrong.
func (c *client) ask(t *testing.T) {
	kind := kinds()[c.random.IntN(len(kinds()))]
	wrong, path := fault{status: http.StatusOK}, "/predict"
	// Few questions, so that some are asked again.
	tokens := 10 * (1 + c.random.IntN(20))
	question := fmt.Sprintf("[[tokens %d %d %d %d]]", tokens, tokens/2, tokens/5, tokens/10)
	if c.random.IntN(4) == 0 {
		wrong = faults()[c.random.IntN(len(faults()))]
		question = wrong.question
		if wrong.errorType != "invalid_input" {
			question = fmt.Sprint(wrong.question, " ", c.random.Uint64())
		}
		path = max(path, wrong.path)
		if wrong.header == "leave" {
			kind = "cot" // the steps of an agent are no stream, and as slow
		}
	} else if c.random.IntN(4) == 0 {
		path = "/predict/stream"
	}
	c.seen.predictions++
	increase(&c.seen.kinds, kind, 1)
	if wrong.errorType != "" {
		increase(&c.seen.errors, wrong.errorType, 1)
	}
	c.send(t, path, kind, question, wrong)
}

func (c *client) send(t *testing.T, path, kind, question string, wrong fault) {
	body, err := json.Marshal(map[string]any{"prediction_type": kind, "inputs": map[string]string{"question": question}})
	if err != nil {
		t.Error(err)
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	request.Header.Set("Content-Type", "application/json")
	if wrong.header != "" && wrong.header != "leave" {
		request.Header.Set("X-Fault", wrong.header)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Errorf("%s %q %+v: %v", path, question, wrong, err)
		return
	}
	defer response.Body.Close()
	if wrong.header == "leave" {
		c.leave(t, response, cancel)
		return
	}
	whole, err := io.ReadAll(response.Body)
	if broken := err != nil; broken != (wrong.status == 0) {
		t.Errorf("%s %q %+v: the answer ended with %v", path, question, wrong, err)
		return
	}
	if wrong.status != 0 && response.StatusCode != wrong.status {
		t.Errorf("%s %q %+v: got status %d: %s", path, question, wrong, response.StatusCode, whole)
		return
	}
	increase(&c.seen.statuses, strconv.Itoa(response.StatusCode), 1)
	c.read(t, response, whole)
}

// leave goes away in the middle of a stream.
func (c *client) leave(t *testing.T, response *http.Response, cancel context.CancelFunc) {
	if _, err := response.Body.Read(make([]byte, 1)); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("a stream to leave: %v, %v", response.Status, err)
	}
	cancel()
	c.seen.streams++
	increase(&c.seen.statuses, "499", 1)
}

// read keeps what an answer says.
func (c *client) read(t *testing.T, response *http.Response, whole []byte) {
	own := whole
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		chunks, last := events(whole)
		if chunks > 0 || len(last) > 0 {
			c.seen.streams++
		}
		own = last
	}
	switch status := response.Header.Get("Cache-Status"); {
	case strings.Contains(status, "hit"):
		c.seen.hits++
		return
	case strings.Contains(status, "collapsed"):
		c.seen.shared++
		return
	}
	var said answer
	if response.StatusCode == http.StatusOK && len(own) > 0 {
		if err := json.Unmarshal(own, &said); err != nil {
			t.Errorf("%s: %v", own, err)
		}
	}
	for _, usage := range said.Usage {
		for tokenType, count := range map[string]int{
			"input": usage.Prompt, "output": usage.Completion,
			"cache_read": usage.PromptDetails.Cached, "reasoning": usage.CompletionDetails.Reasoning,
		} {
			increase(&c.seen.tokens, tokenType, count)
		}
	}
	c.seen.cost += said.Cost
	if response.StatusCode != http.StatusOK {
		c.spent(t, response.Header)
	}
	c.cached(t, response.Header, said.Cached)
}

// spent keeps what a prediction cost that failed, which only its header says.
func (c *client) spent(t *testing.T, header http.Header) {
	for name, tokenType := range map[string]string{
		"DSPy-Input-Tokens": "input", "DSPy-Output-Tokens": "output",
		"DSPy-Cache-Read-Tokens": "cache_read", "DSPy-Reasoning-Tokens": "reasoning",
	} {
		if said := header.Get(name); said != "" {
			count, err := strconv.Atoi(said)
			if err != nil {
				t.Error(err)
			}
			increase(&c.seen.tokens, tokenType, count)
		}
	}
	if said := header.Get("DSPy-Cost-USD"); said != "" {
		cost, err := strconv.ParseFloat(said, 64)
		if err != nil {
			t.Error(err)
		}
		c.seen.cost += cost
	}
}

// cached keeps what the program says of its own cache: of each call of the
// model, or of the answer as a whole.
func (c *client) cached(t *testing.T, header http.Header, whole *bool) {
	if calls := header.Get("DSPy-LM-Calls"); calls != "" {
		all, err1 := strconv.Atoi(calls)
		hits, err2 := strconv.Atoi(header.Get("DSPy-LM-Cache-Hits"))
		if err1 != nil || err2 != nil {
			t.Errorf("%v, %v: %v", err1, err2, header)
		}
		c.seen.ownHits += hits
		c.seen.ownMisses += all - hits
		return
	}
	switch {
	case whole == nil:
	case *whole:
		c.seen.ownHits++
	default:
		c.seen.ownMisses++
	}
}

// events returns how many events with content a stream has, and its answer.
func events(stream []byte) (chunks int, last []byte) {
	for event := range strings.SplitSeq(string(stream), "\n\n") {
		_, data, _ := strings.Cut(event, "data: ")
		switch {
		case strings.HasPrefix(event, "event: prediction"):
			last = []byte(data)
		case strings.Contains(event, `"chunk"`):
			chunks++
		}
	}
	return chunks, last
}

func splitAddress(t *testing.T, address string) (host, port, url string) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return host, port, "http://" + address
}

// dial reports whether something listens.
func dial(t *testing.T, address string) error {
	t.Helper()
	connection, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		return err
	}
	return connection.Close()
}
