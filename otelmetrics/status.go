package otelmetrics

import "net/http"

// Statuses that net/http does not name.
const (
	statusLBClientGone = 460 // AWS load balancers: the client went away
	statusClientGone   = 499 // nginx: the same
	// Those of Cloudflare, which begin at 520: it could not talk to the server.
	statusFirstOfCloudflare  = 520
	statusConnectionTimedOut = 522
	statusTimeout            = 524
	statusOverloaded         = 529 // Anthropic
	statusLastOfCloudflare   = 530
	// Those of proxies that ran out of time.
	statusReadTimeout    = 598
	statusConnectTimeout = 599
)

// ClassifyStatus returns the type of the error that the status of an HTTP answer
// means, and "" for a status below 300, which means none:
//
//   - 3xx, 400, 413, 415 and 422: [ErrorInvalidInput]. The request went to a wrong
//     place or could not be understood.
//   - 429: [ErrorRateLimit].
//   - 408, 504, and of proxies 522, 524, 598, 599: [ErrorTimeout].
//   - 502, 503, the other statuses of Cloudflare from 520 to 530, and
//     Anthropic's 529: [ErrorUpstreamUnavailable].
//   - 499 and 460, which proxies give to a client that went away: [ErrorCanceled].
//   - Any other 4xx: [ErrorOther]. That includes 401 and 403: [ErrorUnauthorized] is
//     for clients that this process refused, not for one that it is itself.
//   - Anything else: [ErrorPredictionFailed].
func ClassifyStatus(status int) ErrorType {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return ErrorInvalidInput
	case http.StatusTooManyRequests:
		return ErrorRateLimit
	case http.StatusRequestTimeout, http.StatusGatewayTimeout,
		statusConnectionTimedOut, statusTimeout, statusReadTimeout, statusConnectTimeout:
		return ErrorTimeout
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		return ErrorUpstreamUnavailable
	case statusClientGone, statusLBClientGone:
		return ErrorCanceled
	}
	switch {
	case status < http.StatusMultipleChoices:
		return ""
	case status < http.StatusBadRequest:
		return ErrorInvalidInput
	case status < http.StatusInternalServerError:
		return ErrorOther
	case status >= statusFirstOfCloudflare && status <= statusLastOfCloudflare:
		return ErrorUpstreamUnavailable
	default:
		return ErrorPredictionFailed
	}
}

// statusOfCode returns the HTTP status of a gRPC code, as google/rpc/code.proto
// maps them, or 0 for success.
func statusOfCode(code uint64) int {
	const unknown = 2
	statuses := [...]int{
		1:       statusClientGone,               // CANCELLED
		unknown: http.StatusInternalServerError, // UNKNOWN
		3:       http.StatusBadRequest,          // INVALID_ARGUMENT
		4:       http.StatusGatewayTimeout,      // DEADLINE_EXCEEDED
		5:       http.StatusNotFound,            // NOT_FOUND
		6:       http.StatusConflict,            // ALREADY_EXISTS
		7:       http.StatusForbidden,           // PERMISSION_DENIED
		8:       http.StatusTooManyRequests,     // RESOURCE_EXHAUSTED
		9:       http.StatusBadRequest,          // FAILED_PRECONDITION
		10:      http.StatusConflict,            // ABORTED
		11:      http.StatusBadRequest,          // OUT_OF_RANGE
		12:      http.StatusNotImplemented,      // UNIMPLEMENTED
		13:      http.StatusInternalServerError, // INTERNAL
		14:      http.StatusServiceUnavailable,  // UNAVAILABLE
		15:      http.StatusInternalServerError, // DATA_LOSS
		16:      http.StatusUnauthorized,        // UNAUTHENTICATED
	}
	if code >= uint64(len(statuses)) {
		code = unknown
	}
	return statuses[code]
}
