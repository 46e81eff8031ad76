package check

import (
	"errors"
	"fmt"
	"net/http"
	"os"

	"google.golang.org/grpc/codes"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/pace"
	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

// missed records the exports that arrived but were not checked.
type missed struct {
	clients int   // exports of clients beyond the first ones
	refused int   // exports that could not be taken
	reason  error // for which the first of those was refused
}

func (m missed) findings() []conformance.Finding {
	var all []conformance.Finding
	if m.clients > 0 {
		all = append(all, conformance.Finding{
			Severity: conformance.Error, Rule: conformance.TooLarge,
			Message: fmt.Sprintf("%d exports were not checked: they are of clients beyond the first %d", m.clients, maxClients),
			Remedy:  "let fewer clients send at a time, each under a resource that stays the same",
		})
	}
	if m.refused > 0 {
		all = append(all, conformance.Finding{
			Severity: conformance.Error, Rule: conformance.TooLarge,
			Message: fmt.Sprintf("%d exports were refused, the first one because: %.200s", m.refused, m.reason),
		})
	}
	return all
}

// statusOf is how an export is refused that was not read.
func statusOf(err error) (status int, code codes.Code) {
	switch {
	case errors.Is(err, errTooBig):
		return http.StatusRequestEntityTooLarge, codes.ResourceExhausted
	case errors.Is(err, errNoRoom):
		return http.StatusServiceUnavailable, codes.Unavailable
	case errors.Is(err, pace.ErrSlow), errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout, codes.DeadlineExceeded
	default:
		return http.StatusBadRequest, codes.InvalidArgument
	}
}
