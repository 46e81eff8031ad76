package usage

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// errorType returns why it failed, from the words by which an error names its
// kind: never from its message, which may hold anything.
func errorType(failure, beside gjson.Result) views.ErrorType {
	words := []gjson.Result{beside}
	if failure.IsObject() {
		words = append(words, gjson.GetMany(failure.Raw, "error_type", "type", "code", "status")...)
	}
	for _, word := range words {
		if known, ok := knownErrorType(word.String()); ok {
			return known
		}
	}
	return views.PredictionFailed
}

// knownErrorType reads our own error types, the types and codes of OpenAI's and
// Anthropic's APIs, class names of Python clients, DSPy's among them, and HTTP
// status codes.
func knownErrorType(word string) (views.ErrorType, bool) {
	word = strings.ToLower(word)
	switch known := views.ErrorType(word); known {
	case views.Timeout, views.RateLimit, views.InvalidInput, views.PredictionFailed,
		views.UpstreamUnavailable, views.Canceled, views.Panic, views.OtherError:
		return known, true
	}
	word = strings.NewReplacer("_", "", "-", "", " ", "").Replace(word)
	switch strings.TrimSuffix(strings.TrimSuffix(word, "error"), "exception") {
	case "timeout", "apitimeout", "requesttimeout", "gatewaytimeout", "deadlineexceeded", "lmtimeout", "408", "504":
		return views.Timeout, true
	case "ratelimit", "ratelimitexceeded", "toomanyrequests", "insufficientquota", "lmratelimit", "429":
		return views.RateLimit, true
	case "invalidrequest", "badrequest", "requestvalidation", "unprocessableentity", "contextwindowexceeded",
		"contextlengthexceeded", "contextlength", "lminvalidrequest", "400", "413", "422":
		return views.InvalidInput, true
	case "overloaded", "serviceunavailable", "apiconnection", "transport", "lmtransport", "badgateway", "502", "503", "529":
		return views.UpstreamUnavailable, true
	case "cancelled", "requestcancelled", "499":
		return views.Canceled, true
	}
	return "", false
}
