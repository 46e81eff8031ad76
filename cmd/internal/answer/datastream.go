package answer

import (
	"bytes"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// isDataStream reports whether an answer begins as a data stream of version 4 of the
// AI SDK, and whether more of it is needed to know that. Each line is the code of its
// kind, a colon and a JSON value.
func isDataStream(text []byte) (is, unsure bool) {
	const codes = "0123456789abcdefghijk"
	switch {
	case len(text) == 0 || bytes.IndexByte([]byte(codes), text[0]) < 0 || len(text) > 1 && text[1] != ':':
		return false, false
	case len(text) < len(`0:"`):
		return false, true
	default:
		return text[2] == '"' || text[2] == '{' || text[2] == '[', false
	}
}

// dataStreamPart reads a line of a data stream. Each step of an answer states its own
// usage, and the last part, which is the end mark, that of all of them.
func (s *state) dataStreamPart(line []byte) {
	if line = trim(line); len(line) == 0 {
		return
	}
	code, text, _ := bytes.Cut(line, []byte(":"))
	part, ok := only(text)
	if !ok {
		s.broken("a line is not JSON")
		return
	}
	s.streamed = true
	switch string(code) {
	case "0", "g", "9", "k": // text, reasoning, a call of a tool, a file
		s.contains(part)
	case "c": // a part of a call
		s.contains(part.at("argsTextDelta"))
	case "3":
		s.fail(otelmetrics.ErrorPredictionFailed)
	case "e":
		if one, ok := s.readFinishPart(part); ok {
			s.usage.rest.add(one.spent())
		}
	case "d":
		if all, ok := s.readFinishPart(part); ok {
			s.usage.own, s.usage.rest = all, spent{}
		}
		s.ended = true
	}
}

// readFinishPart reads why a step or the whole answer is over, and what it spent.
func (s *state) readFinishPart(part value) (stated statement, ok bool) {
	if reason := reasonOf(part.at("finishReason")); reason.stated() {
		s.finish(reason)
	}
	ok = s.readCounts(&stated, "usage", part.at("usage"))
	s.noteOutput(&stated)
	return stated, ok
}
