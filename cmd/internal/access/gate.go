package access

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/time/rate"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/address"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// gate enforces a web config file: passwords, a rate limit and headers of answers. It
// does what the handler of exporter-toolkit does. That one compares wrong passwords
// one after the other, while correct ones wait.
type gate struct {
	*refusals
	settings  *settings
	passwords *passwords
	// known limits the requests whose password was right before, others the rest,
	// so that guesses take nothing from those who may come in. They are nil if there
	// is no limit.
	known, others *rate.Limiter
}

// newGate takes the rate limit as it is in the file at first, as exporter-toolkit does.
func newGate(r *refusals, s *settings, limit web.RateLimiterConfig) *gate {
	g := &gate{refusals: r, settings: s, passwords: newPasswords()}
	if limit.Interval != 0 {
		g.known = rate.NewLimiter(rate.Every(limit.Interval), limit.Burst)
		g.others = rate.NewLimiter(rate.Every(limit.Interval), limit.Burst)
	}
	return g
}

// ServeHTTP implements [http.Handler].
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if get := r.Method == http.MethodGet || r.Method == http.MethodHead; get && slices.Contains(g.Open, r.URL.Path) {
		g.Handler.ServeHTTP(w, r)
		return
	}
	config, err := g.settings.web()
	if err != nil {
		g.refuse(w, r, http.StatusInternalServerError, otelmetrics.ErrorOther, withoutValues(err.Error()))
		return
	}
	for name, value := range config.HTTPConfig.Header {
		w.Header().Set(name, value)
	}
	user, password, sent := r.BasicAuth()
	protected := len(config.Users) > 0
	limit, known := g.others, false
	if protected && g.passwords.knows(config.Users, user, password) {
		limit, known = g.known, true
	}
	if limit != nil && !limit.Allow() {
		g.refuse(w, r, http.StatusTooManyRequests, otelmetrics.ErrorRateLimit, "rate_limit of the web config file")
		return
	}
	if protected && !known {
		v := wrong
		if sent {
			v = g.passwords.check(r.Context(), address.Of(r.RemoteAddr), config.Users, user, password)
		}
		if v != right {
			g.refusePassword(w, r, v)
			return
		}
	}
	if protected {
		r.Header.Del("Authorization") // it was for us, and is nobody else's to know
	}
	g.Handler.ServeHTTP(w, r)
}

func (g *gate) refusePassword(w http.ResponseWriter, r *http.Request, v verdict) {
	if v == tooManyWrong {
		w.Header().Set("Retry-After", strconv.Itoa(int(guessInterval.Seconds())))
		g.refuse(w, r, http.StatusTooManyRequests, otelmetrics.ErrorUnauthorized, "too many wrong passwords from this address")
		return
	}
	w.Header().Set("WWW-Authenticate", "Basic")
	g.refuse(w, r, http.StatusUnauthorized, otelmetrics.ErrorUnauthorized, http.StatusText(http.StatusUnauthorized))
}

// refuse answers a request that does not get to the handler. The reason is for the
// log.
func (g *gate) refuse(w http.ResponseWriter, r *http.Request, status int, errorType otelmetrics.ErrorType, reason string) {
	g.add(errorType, r.RemoteAddr, reason)
	http.Error(w, http.StatusText(status), status)
}
