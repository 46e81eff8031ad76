package answer

import (
	"bytes"
	"net/http"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// readFailure reads by what an object says that it is an error, whatever its
// dialect.
func (s *state) readFailure(m *message) {
	s.readError("error", m.error, m)
	s.readError("errors", m.errors, m)
	if m.kind.is("error") || m.object.is("error") || saysFailed(m.name) || !m.whole && (saysFailed(m.kind.content()) || saysFailed(m.eventMember.content())) {
		s.fail(m.errorType(nil))
	}
}

// readError reads a member that is an error unless it is empty.
func (s *state) readError(name string, v value, m *message) {
	if v.empty() {
		return
	}
	for e := v.elements(); e.next(); {
		if !e.value.empty() {
			s.fail(m.errorType(e.value))
		}
	}
	_, isStatus := statusOf(v)
	switch {
	case v.isArray():
	case isStatus:
		s.fail(wordType(v))
	case v.isObject(), v.isString(), v.isTrue():
		s.fail(m.errorType(v))
	default:
		s.refuse(name, v, "a string or an object")
	}
}

// fail notes that the answer is a failure. Of several reasons the first one that
// says more than that holds. After the end mark nothing changes the outcome.
func (s *state) fail(errorType otelmetrics.ErrorType) {
	if s.ended || s.failed && s.errorType != otelmetrics.ErrorPredictionFailed {
		return
	}
	s.failed, s.errorType = true, errorType
}

// errorType returns why something failed, from the words by which an error, or
// the object that contains it, names its kind: never from its message, which may
// contain anything.
func (m *message) errorType(failure value) otelmetrics.ErrorType {
	var words errorWords
	words.read(m.text)
	words.read(failure)
	words.read(failure.at("error"))
	words.read(failure.at("extensions")) // GraphQL
	if failure.isString() && words.kind == nil && (m.message.isString() || m.text.at("error_description").isString() || m.text.at("detail").isString()) {
		words.kind = failure // beside a message, it is the kind
	}
	for _, word := range [...]value{words.own, words.code, words.kind, words.status, words.number} {
		if known := wordType(word); known != otelmetrics.ErrorPredictionFailed {
			return known
		}
	}
	return otelmetrics.ErrorPredictionFailed
}

// errorWords are the words of an error, the most precise one first.
type errorWords struct{ own, code, kind, status, number value }

func (w *errorWords) read(failure value) {
	for m := failure.members(); m.next(); {
		if !m.value.stated() {
			continue
		}
		switch string(m.name) {
		case "error_type":
			w.own = m.value
		case "code", "Code", "status_code", "statusCode", "http_status", "error_code", "errorCode":
			if _, ok := statusOf(m.value.String()); ok {
				w.number = m.value
			} else {
				w.code = m.value
			}
		case "type", "name", "__type", "errorType", "exception":
			w.kind = m.value
		case "status":
			w.status = m.value
		}
	}
}

// wordType returns the type of an error by a word that a provider has for it, or
// by a status, and PredictionFailed if the word is not known.
func wordType(v value) otelmetrics.ErrorType {
	text := []byte(v)
	if v.isString() {
		text = v.content()
	}
	if status, ok := statusOf(text); ok {
		return otelmetrics.ClassifyStatus(status)
	}
	if _, after, ok := bytes.Cut(text, []byte("#")); ok { // AWS: com.amazon#ThrottlingException
		text = after
	}
	w := wordOf(text)
	w.without("exception")
	w.without("error")
	return errorTypeOf(string(w.text()))
}

// errorTypeOf reads the types and codes of the APIs of OpenAI, Azure, Anthropic,
// Google, AWS, Cohere, Mistral and DeepSeek, and class names of Python clients,
// DSPy's among them, and our own types, without the suffix error or exception.
func errorTypeOf(word string) otelmetrics.ErrorType {
	switch word {
	case "timeout", "apitimeout", "requesttimeout", "gatewaytimeout", "readtimeout", "connecttimeout", "deadlineexceeded",
		"lmtimeout", "modeltimeout", "timedout":
		return otelmetrics.ErrorTimeout
	case "ratelimit", "ratelimited", "ratelimitexceeded", "toomanyrequests", "insufficientquota", "quotaexceeded", "lmratelimit",
		"resourceexhausted", "throttling", "throttled", "throttlingexceptionsformodel", "servicequotaexceeded", "requestlimitexceeded", "usagelimitreached",
		"tokensperminutelimitexceeded", "billinghardlimitreached":
		return otelmetrics.ErrorRateLimit
	case "invalidrequest", "badrequest", "requestvalidation", "validation", "unprocessableentity", "contextwindowexceeded",
		"contextlengthexceeded", "contextlength", "lminvalidrequest", "invalidargument", "invalidparameter", "invalidvalue", "failedprecondition",
		"outofrange", "requesttoolarge", "stringabovemaxlength", "contentfilter", "contentfiltered", "contentpolicyviolation", "invalidprompt",
		"responsibleaipolicyviolation", "invalidinput", "maxtokens", "unsupportedparameter", "missingrequiredparameter", "errorlimit", "errortoxic":
		return otelmetrics.ErrorInvalidInput
	case "overloaded", "engineoverloaded", "serveroverloaded", "serviceunavailable", "unavailable", "apiconnection", "connection",
		"transport", "lmtransport", "badgateway", "modelnotready", "modelstream", "capacityexceeded", "insufficientsystemresource",
		"slowdown", "upstreamunavailable", "nohealthyupstream":
		return otelmetrics.ErrorUpstreamUnavailable
	case "panic":
		return otelmetrics.ErrorPanic
	case "cancelled", "canceled", "requestcancelled", "requestcanceled", "clientdisconnected", "aborted":
		return otelmetrics.ErrorCanceled
	case "authentication", "unauthenticated", "unauthorized", "invalidapikey", "incorrectapikeyprovided", "permission", "permissiondenied",
		"forbidden", "accessdenied", "unrecognizedclient", "billing", "paymentrequired", "insufficientbalance",
		"other", "notfound", "modelnotfound", "resourcenotfound", "conflict":
		return otelmetrics.ErrorOther // as the statuses 401 to 404
	default:
		return stemOf(word)
	}
}

// stemOf reads a word that is not known by what it contains: providers vary them,
// as in Throttling.RateQuota and rate_limit_reached_requests.
func stemOf(word string) otelmetrics.ErrorType {
	contains := func(stems ...string) bool {
		return slices.ContainsFunc(stems, func(stem string) bool { return strings.Contains(word, stem) })
	}
	switch {
	case contains("contextlength", "contextwindow", "contentfilter", "contentpolicy", "moderation", "sensitive"):
		return otelmetrics.ErrorInvalidInput
	case contains("ratelimit", "throttl", "quota", "toomanyrequests", "limitexceeded", "limitreached"):
		return otelmetrics.ErrorRateLimit
	case contains("timeout", "timedout", "deadline"):
		return otelmetrics.ErrorTimeout
	case contains("overload", "unavailable", "badgateway", "connection", "network"):
		return otelmetrics.ErrorUpstreamUnavailable
	case contains("apikey", "authenti", "unauthori", "forbidden", "permission", "accessdenied", "billing", "balance", "notfound"):
		return otelmetrics.ErrorOther
	case contains("invalid", "badrequest", "validation", "unsupported", "malformed"):
		return otelmetrics.ErrorInvalidInput
	default:
		return otelmetrics.ErrorPredictionFailed
	}
}

// statusOf reads an HTTP status of a failure.
func statusOf[T ~string | ~[]byte](text T) (int, bool) {
	status, ok := parseDigits(text)
	return int(status), ok && status >= http.StatusBadRequest && status <= 599
}
