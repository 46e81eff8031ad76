package answer

import (
	"net/http"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// Statuses that net/http does not name.
const (
	statusClientGone   = 499 // nginx: the client went away
	statusLBClientGone = 460 // AWS load balancers: the same
	// Those of Cloudflare.
	statusConnectionTimedOut = 522
	statusTimeout            = 524
	statusLastOfCloudflare   = 530
	statusOverloaded         = 529 // Anthropic
	// Those of proxies that ran out of time.
	statusReadTimeout    = 598
	statusConnectTimeout = 599
)

// ErrorType returns the type of the error that a status of a failure says.
func ErrorType(status int) views.ErrorType {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return views.InvalidInput
	case http.StatusTooManyRequests:
		return views.RateLimit
	case http.StatusRequestTimeout, http.StatusGatewayTimeout,
		statusConnectionTimedOut, statusTimeout, statusReadTimeout, statusConnectTimeout:
		return views.Timeout
	case http.StatusBadGateway, http.StatusServiceUnavailable, statusOverloaded:
		return views.UpstreamUnavailable
	case statusClientGone, statusLBClientGone:
		return views.Canceled
	}
	switch {
	case status < http.StatusBadRequest: // the client asked at a wrong place
		return views.InvalidInput
	case status < http.StatusInternalServerError:
		return views.OtherError
	case status >= 520 && status <= statusLastOfCloudflare:
		return views.UpstreamUnavailable
	default:
		return views.PredictionFailed
	}
}
