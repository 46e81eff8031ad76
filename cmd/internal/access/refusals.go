package access

import (
	"context"
	"log/slog"
	"net"
	"time"

	"golang.org/x/time/rate"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// refusals counts requests and connections that do not get to the handler, and
// logs some of them: an attacker decides how many there are.
type refusals struct {
	Config
	refused, messages, certificates rate.Sometimes // what is logged of each
}

func newRefusals(c Config) *refusals {
	some := func() rate.Sometimes { return rate.Sometimes{First: 10, Interval: time.Minute} }
	return &refusals{Config: c, refused: some(), messages: some(), certificates: rate.Sometimes{Interval: time.Minute}}
}

func (r *refusals) add(errorType otelmetrics.ErrorType, client, reason string) {
	r.Recorder.RecordError(context.Background(), errorType)
	host, _, err := net.SplitHostPort(client)
	if err != nil {
		host = client
	}
	r.refused.Do(func() {
		r.Logger.Warn("client rejected; all are counted, but only some are logged", slog.String("error_type", string(errorType)),
			slog.String("client", host), slog.String("reason", reason))
	})
}

// http2 counts what a client did against the protocol, by net/http's name for it.
func (r *refusals) http2(what string) { r.add(otelmetrics.ErrorInvalidInput, "", "http/2: "+what) }

// keptCertificate warns that the last certificate stays in use.
func (r *refusals) keptCertificate(err error) {
	r.certificates.Do(func() {
		r.Logger.Warn("the server certificate cannot be read; the previous one stays in use",
			slog.String("web_config_file", r.WebConfigFile), slog.String("error", withoutValues(err.Error())))
	})
}
