package usage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// event reads one event of the stream.
func (s *Stream) event(e event) {
	switch {
	case string(bytes.TrimSpace(e.data)) == "[DONE]":
		s.done = true
		return
	case e.long:
		s.unread = true
		s.report.ignore(fmt.Sprintf("an event is longer than %d bytes", s.events.limit))
	}
	if e.name == "end" || e.name == "done" {
		s.done = true
	}
	object := gjson.Result{}
	if json.Valid(e.data) {
		object = gjson.ParseBytes(e.data)
	}
	switch {
	case object.IsObject():
		s.object(e, object)
	case e.name == memberError:
		s.report.fail(views.PredictionFailed)
	case len(e.data) > 0 && !e.open && !isSignal(e.name):
		s.hasContent()
	}
}

// overflow is told that an event is too long, before its end has come.
func (s *Stream) overflow(name string) {
	if !isSignal(name) {
		s.hasContent()
	}
}

// isSignal tells the events that carry no content by their names.
func isSignal(name string) bool {
	switch name {
	case "ping", "heartbeat", "keepalive", "keep-alive", "end", "done", memberError:
		return true
	default:
		return false
	}
}

// object reads an event whose data is a JSON object.
func (s *Stream) object(e event, object gjson.Result) {
	said := read(e.data)
	if e.name == memberError && !said.Failed {
		said.fail(errorType(object, gjson.Result{}))
	}
	content := !said.Failed && speaks(object)
	wrapped := unwrap(object)
	switch {
	case object.Get("object").Str == "chat.completion.chunk":
		s.chunks = true
		s.finished = s.finished || finished(object)
		s.source(object.Get("id").Raw, said.Tokens)
		said.Model = object.Get(memberModel).Str
		content = content && hasText(object)
	case wrapped.IsObject():
		s.chunks = true
		s.total = overlay(s.total, said.Tokens)
		s.source(wrapped.Get("id").Raw, said.tokens(wrapped.Get(memberUsage)))
		said.Model = wrapped.Get(memberModel).Str
		content = content && hasText(wrapped)
	default:
		s.total = overlay(s.total, said.Tokens)
		if len(said.Tokens) > 0 {
			s.models = said.Models
		}
	}
	s.named(said.Model)
	if object.Get("prediction").IsObject() {
		s.done = true
	}
	said.Tokens, said.Models, said.Model = nil, nil, ""
	s.report = Merge(said, s.report)
	if content && !isSignal(e.name) {
		s.hasContent()
	}
}

// unwrap returns the chunk of a completion that DSPy puts into an event of its
// own: an object with LiteLLM's, and with its own clients' a string that holds
// one. Other programs put text into a member of that name.
func unwrap(object gjson.Result) gjson.Result {
	chunk := object.Get("chunk")
	if chunk.Type == gjson.String && json.Valid([]byte(chunk.Str)) {
		chunk = gjson.Parse(chunk.Str)
	}
	if !chunk.Get("choices").IsArray() {
		return gjson.Result{}
	}
	return chunk
}

// finished tells a completion's last chunk. Where DSPy wraps it, that ends one of
// the completions of a program and not the program.
func finished(object gjson.Result) bool {
	for _, reason := range object.Get("choices.#.finish_reason").Array() {
		if !empty(reason) {
			return true
		}
	}
	return false
}

// hasText tells whether a chunk brings anything of the answer. The first one
// often has no more than the role, and the last the usage.
func hasText(chunk gjson.Result) bool {
	found := false
	for _, delta := range chunk.Get("choices.#.delta").Array() {
		delta.ForEach(func(name, value gjson.Result) bool {
			found = found || name.Str != "role" && name.Str != "provider_specific_fields" && !empty(value)
			return !found
		})
	}
	return found
}

// speaks tells whether an object says more than what a Report is made of.
func speaks(object gjson.Result) bool {
	about := []string{memberUsage, memberCostUSD, memberCost, memberCached, memberCacheHit, memberError}
	found := false
	object.ForEach(func(name, _ gjson.Result) bool {
		found = !slices.Contains(about, name.Str)
		return !found
	})
	return found
}

// named notes which model says it answers, as long as it is the same one.
func (s *Stream) named(model string) {
	switch {
	case model == "" || model == s.model:
	case s.model == "":
		s.model = modelName(model)
	default:
		s.severalModels = true
	}
}

// source keeps what the chunks of one completion say so far. Where usage comes
// with several of them, it is cumulative and the last one holds. A program calls
// its models more than once, and each completion has an id of its own.
func (s *Stream) source(id string, tokens map[views.TokenType]int64) {
	const most, longest = 1024, 128
	if len(tokens) == 0 {
		return
	}
	id = strings.Clone(id[:min(len(id), longest)]) // it is a part of the event
	known, ok := s.sources[id]
	if !ok && len(s.sources) == most {
		s.report.ignore("usage of more completions than can be told apart")
		return
	}
	if s.sources == nil {
		s.sources = make(map[string]map[views.TokenType]int64)
	}
	s.sources[id] = overlay(known, tokens)
}
