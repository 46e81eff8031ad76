package answer

import (
	"bytes"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// saysFailed reports whether the name or the type of an event says that all of
// the answer has failed, such as error, RUN_ERROR and thread.run.failed. What has
// failed may be a part only, as with response.mcp_call.failed.
func saysFailed(name []byte) bool {
	w := wordOf(name)
	word := w.text()
	for _, suffix := range [...]string{"errors", "error", "failed", "failure", "exception"} {
		subject, ok := bytes.CutSuffix(word, []byte(suffix))
		if !ok {
			continue
		}
		switch string(subject) {
		case "", "run", "threadrun", "stream", "workflow", "graph", "message", "chat", "completion", "generation", "prediction", "request",
			"session", "agent", "agentrun", "response", "interaction", "inference", "model", "server", "api", "llm":
			return true
		}
	}
	return false
}

// saysEnded reports whether the type of an event says that all of the answer is over,
// such as RUN_FINISHED and conversation.response.done. What is over may be a part only,
// as with a message or a step.
func saysEnded(kind []byte) bool {
	w := wordOf(kind)
	for _, suffix := range [...]string{"finished", "done", "completed"} {
		subject, ok := bytes.CutSuffix(w.text(), []byte(suffix))
		if !ok {
			continue
		}
		switch string(subject) {
		case "run", "agentrun", "stream", "conversationresponse", "generation", "prediction":
			return true
		}
	}
	return false
}

// readErrorObject reads an object of no known dialect that has nothing but words
// of an error, whatever the names that the program has for them. In others, such
// names may be those of an answer.
func (s *state) readErrorObject(m *message) {
	if s.failed || !isErrorObject(m.text, true) {
		return
	}
	failure := m.text
	for _, path := range [...][]string{{"Error"}, {"Response", "Error"}, {"ErrorResponse", "Error"}, {"fault", "detail"}} {
		if inner := m.text.at(path...); inner.isObject() {
			failure = inner
		}
	}
	for c := m.text.members(); c.next(); {
		if isTypedError(c.value) {
			failure = c.value
		}
	}
	s.fail(m.errorType(failure))
}

// isTypedError reports whether an object is an error of AWS, which names its type as
// no answer does. AWS and what is before it put such an object into another one.
func isTypedError(v value) bool {
	return v.at("__type").stated() && isErrorObject(v, false)
}

// isErrorObject reports whether an object has nothing but words of an error, or around
// such an object.
func isErrorObject(v value, around bool) bool {
	failed := false
	for m := v.members(); m.next(); {
		if around && isTypedError(m.value) {
			failed = true
			continue
		}
		switch string(m.name) {
		case "error_code", "errorCode", "code", "status_code", "statusCode", "http_status", "status":
			switch saysStatus(m.value) {
			case statusOK:
				return false
			case statusFailed:
				failed = true
			}
		case "success", "ok", "succeeded":
			if m.value.isTrue() {
				return false
			}
			failed = failed || string(m.value) == "false"
		case "base_resp": // MiniMax
			switch saysStatus(m.value.at("status_code")) {
			case statusOK:
				return false
			case statusFailed:
				failed = true
			}
		case "Error", "Response", "ErrorResponse": // Tencent, AWS
			if m.value.at("Code").stated() || m.value.at("Error").isObject() {
				failed = true
			} else if !m.value.empty() {
				return false
			}
		case "error_type", "error_msg", "errorMsg", "errorMessage", "error_message", "error_description", "errorType", "errorText", "errorDetail",
			"err", "errmsg", "exception", "fault", "failure", "traceback", "__type":
			failed = failed || !m.value.empty()
		case "message", "msg", "Message", "detail", "details", "title", "reason", "hint", "type", "instance", "id", "sid", "object", "created", "model", "param",
			"name", "path", "method", "timestamp", "time", "stack", "stackTrace", "trace", "cause", "documentation_url", "retry_after", "retryable",
			"headers", "multiValueHeaders", "body", "isBase64Encoded", "cookies", "RequestId", "requestId", "meta", "extensions",
			"Version", "version", "ResponseMetadata":
		default:
			if !m.value.empty() && !bytes.HasSuffix(m.name, []byte("_id")) {
				return false
			}
		}
	}
	return failed
}

// What a member says that is a status or a code.
const (
	statusUnknown = iota
	statusOK
	statusFailed
)

func saysStatus(v value) int {
	if n, ok := parseDigits(v.String()); ok {
		switch {
		case n == 0 || n >= 200 && n < 400:
			return statusOK
		case n >= 400 && n < 600 || n >= 1000: // HTTP's, or a provider's own
			return statusFailed
		}
		return statusUnknown
	}
	if n, ok := parseDigits(bytes.TrimPrefix(v, []byte("-"))); ok && n > 0 {
		return statusFailed // below zero
	}
	w := wordOf(v.content())
	switch string(w.text()) {
	case "ok", "success", "succeeded", "completed":
		return statusOK
	case "error", "fail", "failed", "failure":
		return statusFailed
	case "":
		return statusUnknown
	}
	if v.isString() && wordType(v) != otelmetrics.ErrorPredictionFailed {
		return statusFailed
	}
	return statusUnknown
}
