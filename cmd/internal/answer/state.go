package answer

import (
	"fmt"
	"strconv"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// state is what an answer has stated so far. The dialects fill it in.
type state struct {
	onContent func()
	total     int64 // bytes of the answer without its content coding

	usage       usage
	completions completions // of a program that passes them on
	cost        cost        // of the whole answer, where it says so beside the usage
	costUSD     cost        // the same, by the name that says what it is

	model         string
	severalModels bool
	tier          string // of the service
	severalTiers  bool

	cached *bool
	scores map[string]float64
	calls  map[string]int64 // by model

	toolCalls, parseFailures *int64

	finishes map[otelmetrics.FinishReason]int64

	failed    bool
	errorType otelmetrics.ErrorType
	finished  otelmetrics.FinishReason // the last one

	content bool
	// streamed: there was a part of a stream of a dialect that says when it ends.
	streamed bool
	// ended: the end mark was there, after which nothing changes the outcome.
	ended bool
	// whole: the answer is one JSON value, which has ended.
	whole bool
	// choices are those that a completion has, and stopped those that are over.
	// When all are, the answer is complete, though usage may come after it.
	choices, stopped uint64
	// lateUsage: usage was stated with the first content or after it.
	lateUsage bool

	tooLong   bool // a part of the answer was over the limit
	malformed bool // a part of the answer was not what it ought to be

	repetition repetition
	ignored    []string
	scratch    []byte // for what has to be copied to be read
}

// complete reports whether nothing more has to come.
func (s *state) complete() bool {
	return s.ended || s.failed || s.stopped != 0 && s.choices&^s.stopped == 0
}

func (s *state) hasContent() {
	if !s.content {
		s.content = true
		if s.onContent != nil {
			s.onContent()
		}
	}
}

// contains notes the first content, if there is any in one of the parts.
func (s *state) contains(parts ...value) {
	for _, part := range parts {
		if s.content {
			return
		}
		if part.isString() && len(part) > 2 || hasContent(part) {
			s.hasContent()
		}
	}
}

// stop notes that a choice of a completion, by its index, is over.
func (s *state) stop(index int, reason value) {
	s.finish(reason)
	s.choose(index)
	s.stopped |= bit(index)
}

// choose notes that a completion has a choice of this index.
func (s *state) choose(index int) { s.choices |= bit(index) }

func bit(index int) uint64 { return 1 << (uint(index) % 64) }

func (s *state) tooLarge(what string, limit int) {
	s.tooLong = true
	s.ignore(fmt.Sprintf("%s is longer than %d bytes", what, limit))
}

// forget drops what an answer states of what was spent.
func (s *state) forget() {
	s.usage, s.cost, s.costUSD, s.cached, s.model, s.tier = usage{}, cost{}, cost{}, nil, "", ""
}

func (s *state) broken(why string) {
	s.malformed = true
	s.ignore(why)
}

// event reads one event of a stream.
func (s *state) event(e event) {
	data := trim(e.data)
	switch {
	case s.repetition.matches(e.name, data):
		return
	case isDone(data):
		s.ended = true
		return
	}
	switch {
	case len(data) > 0 && s.readAs(message{name: e.name, frame: e.frame}, data):
	case isError(e.name):
		s.fail(otelmetrics.ErrorPredictionFailed)
	case s.mark(e.name):
	case len(e.data) > 0 && !e.open && !isSignal(e.name):
		s.hasContent()
	}
	switch string(e.name) {
	case "end", "done":
		s.readEnd(data)
		s.ended = true
	case "finish", "finished", "complete", "completed", "close":
		s.readEnd(data)
	}
}

// readEnd reads why a stream ends, as the event says whose name is the end mark. It may
// be that the answer has failed.
func (s *state) readEnd(data value) {
	if word := data; !word.isObject() {
		if !word.isString() {
			word = value(strconv.Quote(string(data[:min(len(data), 64)])))
		}
		if saysStatus(word) == statusFailed {
			s.fail(wordType(word))
		}
		return
	}
	for m := data.members(); m.next(); {
		switch string(m.name) {
		case "reason", "finish_reason", "finishReason", "stop_reason", "stopReason", "done_reason", "end_reason", "status", "state", "outcome":
			if saysStatus(m.value) == statusFailed || finishReason(m.value) == otelmetrics.FinishError {
				s.fail(wordType(m.value))
			}
		case "success", "ok", "succeeded":
			if string(m.value) == "false" {
				s.fail((&message{text: data}).errorType(nil))
			}
		}
	}
}

// mark reads an event without data whose name is an end mark, and reports whether
// it is one.
func (s *state) mark(name []byte) bool {
	switch string(name) {
	case "message_stop", "response.completed", "response.incomplete", "message-end", "stream-end":
		s.ended = true
		return true
	default:
		return false
	}
}

// overflow is called when an event is too long, which is before its end.
func (s *state) overflow(name []byte, limit int) {
	s.tooLarge("an event", limit)
	if !isSignal(name) {
		s.hasContent()
	}
}

// isSignal reports whether events of this name have no content.
func isSignal(name []byte) bool {
	switch string(name) {
	case "ping", "heartbeat", "keepalive", "keep-alive", "status", "end", "done", "error", "errors":
		return true
	default:
		return false
	}
}

// value reads the JSON value that is the answer.
func (s *state) value(text []byte) {
	if text[0] == '{' && !s.read(nil, text, true) {
		s.broken("the JSON is malformed")
	}
}

// element reads an element of an answer that is an array. Gemini streams in this
// form, and Text Generation Inference puts its answers into one. Other arrays contain
// several answers, and no specification defines their usage.
func (s *state) element(text []byte, sized bool) {
	if text[0] != '{' {
		return
	}
	m := message{whole: sized}
	if !m.parse(text, !sized && !s.content) {
		s.broken("the JSON is malformed")
		return
	}
	s.readFailure(&m)
	if !s.readGemini(&m) && !s.readTGIElement(&m) {
		s.readOther(&m)
	}
}

// line reads a line of an answer that consists of them.
func (s *state) line(text []byte) {
	text = trim(text)
	if len(text) == 0 || s.read(nil, text, false) {
		return
	}
	if v, ok := only(text); !ok || v.isObject() {
		s.broken("a line is not JSON")
	}
}

// read reads an object, and reports whether the text is one.
func (s *state) read(name, text []byte, whole bool) bool {
	return s.readAs(message{name: name, whole: whole}, text)
}

func (s *state) readAs(m message, text []byte) bool {
	begun := s.content
	if !m.parse(text, !m.whole && !begun) {
		return false
	}
	s.readMessage(&m)
	if begun && !m.frame && !s.completions.between {
		s.repetition.learn(m.name, text, m.chunk.isString())
	}
	return true
}

// readMessage reads a message in the first dialect that it belongs to. So a call
// that is stated in the shapes of several dialects counts once.
func (s *state) readMessage(m *message) {
	s.readFailure(m)
	if !s.readDialect(m) && !s.readEnvelope(m) {
		s.readOther(m)
	}
	s.readCommon(m)
}

// readDialect reads a message in the first dialect that it belongs to.
func (s *state) readDialect(m *message) bool {
	return s.readDSPy(m) || s.readResponses(m) || s.readAnthropic(m) || s.readInteractions(m) || s.readCohere(m) || s.readGemini(m) ||
		s.readBedrock(m) || s.readOllama(m) || s.readSGLang(m) || s.readLlamaCPP(m) || s.readOpenAI(m) || s.readOpenAIMedia(m) ||
		s.readAssistants(m) || s.readTGI(m) || s.readDashScope(m) || s.readWatsonx(m) ||
		s.readYandex(m) || s.readAlephAlpha(m)
}

// readCommon reads what is stated in the same way in all dialects.
func (s *state) readCommon(m *message) {
	s.readUsage("usage", m.usage)
	if m.timings.isObject() {
		s.readCounts(&s.usage.own, "timings", m.timings) // llama.cpp
	}
	if m.invocationMetrics.isObject() { // of the last chunk, whatever the model
		s.readCounts(&s.usage.own, "amazon-bedrock-invocationMetrics", m.invocationMetrics)
		s.ended = true
	}
	s.readElsewhere(m)
	s.readWholeCost(&s.cost, "cost", m.cost)
	s.readWholeCost(&s.costUSD, "cost_usd", m.costUSD)
	s.readCached("cache_hit", m.cacheHit)
	s.readCached("cached", m.cached)
	s.readScores(m.scores)
	s.readModelCalls(m.lmCalls)
	s.readNumber(&s.toolCalls, "tool_calls", m.toolCalls)
	s.readNumber(&s.parseFailures, "parse_failures", m.parseFailures)
	s.readFinishes(m.finishes)
	s.readTier(tierOf(m.tier))
}

func (s *state) readWholeCost(c *cost, name string, v value) {
	if !v.stated() {
		return
	}
	usd, ok := parseCost(v)
	if !ok {
		s.refuse(name, v, "a non-negative number of sensible size")
		return
	}
	*c = cost{usd, true}
}

// readNumber reads a count of the whole answer. What is no number is a part of the
// answer: models make lists of tool calls.
func (s *state) readNumber(into **int64, name string, v value) {
	if !v.isNumber() {
		return
	}
	n, ok := parseCount(v)
	if !ok {
		s.refuse(name, v, "a non-negative integer of sensible size")
		return
	}
	*into = &n
}

func (s *state) readCached(name string, v value) {
	switch {
	case !v.stated():
	case v.isBool():
		s.cached = new(v.isTrue())
	default:
		s.refuse(name, v, "true or false")
	}
}

// readModel notes which model says that it answers, as long as it is one.
func (s *state) readModel(v value) {
	const longest = 256
	name := v.content()
	switch {
	case len(name) == 0 || len(name) > longest || string(name) == s.model:
	case s.model == "":
		s.model = v.String()
	case s.model != v.String():
		s.severalModels = true
	}
}

// readOther reads a message of no dialect that is known. What it contains besides
// statements about the answer is content.
func (s *state) readOther(m *message) {
	// In an answer without usage, or with one by model, a model may be a word of
	// the answer.
	if m.usage.isObject() {
		var one statement
		if s.readCounts(&one, "usage", m.usage) {
			s.readModel(m.model)
		}
	}
	s.readErrorObject(m)
	if !m.whole && (saysEnded(m.kind.content()) || saysEnded(m.name)) {
		s.ended = true
	}
	if m.whole || s.content || isSignal(m.name) || s.failed {
		return
	}
	if m.others {
		s.hasContent()
		return
	}
	for _, v := range [...]value{
		m.plainText, m.content, m.completion, m.response, m.delta, m.data, m.meta, m.generatedText, m.token, m.results, m.output,
		m.generation, m.result, m.body, m.details, m.interaction, m.toolCalls, m.parseFailures,
	} {
		if hasText(v) {
			s.hasContent()
			return
		}
	}
}

// exception reads a message of AWS's event stream encoding that is an error.
func (s *state) exception(kind, payload []byte) {
	s.fail(wordType(value(kind)))
	if len(payload) > 0 {
		s.fail((&message{text: payload}).errorType(nil))
	}
}
