package access

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// refusals counts requests and connections that do not get to the handler, and
// logs some of them: an attacker decides how many there are.
type refusals struct {
	Config
	sometimes rate.Sometimes
}

func newRefusals(c Config) *refusals {
	return &refusals{Config: c, sometimes: rate.Sometimes{First: 10, Interval: time.Minute}}
}

func (r *refusals) add(errorType otelmetrics.ErrorType, client, reason string) {
	r.Recorder.RecordError(context.Background(), errorType)
	host, _, err := net.SplitHostPort(client)
	if err != nil {
		host = client
	}
	r.sometimes.Do(func() {
		r.Logger.Warn("client refused; all are counted, not all are logged", slog.String("error_type", string(errorType)),
			slog.String("client", host), slog.String("reason", reason))
	})
}

// admission is a request on its way through the toolkit's handler, which writes
// here only if it refuses.
type admission struct {
	http.ResponseWriter
	status   int
	admitted bool
}

type admissionKey struct{}

// WriteHeader keeps the status.
func (a *admission) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// before stands before the toolkit's handler.
func (r *refusals) before(toolkit http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if get := request.Method == http.MethodGet || request.Method == http.MethodHead; get && slices.Contains(r.Open, request.URL.Path) {
			r.Handler.ServeHTTP(w, request)
			return
		}
		a := &admission{ResponseWriter: w}
		toolkit.ServeHTTP(a, request.WithContext(context.WithValue(request.Context(), admissionKey{}, a)))
		if !a.admitted {
			r.add(refusal(a.status), request.RemoteAddr, http.StatusText(a.status))
		}
	})
}

// behind stands behind it, and gives ours the writer that it would have without.
func (r *refusals) behind() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if a, ok := request.Context().Value(admissionKey{}).(*admission); ok {
			a.admitted = true
			w = a.ResponseWriter
			if _, _, basic := request.BasicAuth(); basic && r.wantsPassword() {
				request.Header.Del("Authorization") // it was for us, and is nobody else's to know
			}
		}
		r.Handler.ServeHTTP(w, request)
	})
}

// wantsPassword tells whether the web config file, as it is now, has users.
func (r *refusals) wantsPassword() bool {
	config, err := read(r.WebConfigFile)
	return err != nil || len(config.Users) > 0
}

// refusal is what the toolkit means by a status.
func refusal(status int) otelmetrics.ErrorType {
	switch status {
	case http.StatusUnauthorized:
		return otelmetrics.Unauthorized
	case http.StatusTooManyRequests:
		return otelmetrics.RateLimit
	default: // the file has changed and cannot be read any more
		return otelmetrics.OtherError
	}
}
