package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/guide"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/upstream"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// backend holds the flags for the upstream and for the type of predictions.
type backend struct {
	Upstream       string        `group:"common" env:"DSPY_METRICS_UPSTREAM" placeholder:"URL" help:"URL of the program that makes the predictions. By default a built-in text search answers."`
	ConnectTimeout time.Duration `group:"upstream" default:"5s" env:"DSPY_METRICS_CONNECT_TIMEOUT" help:"Time limit for a connection to the upstream (${default})."`
	Retries        int           `group:"upstream" default:"2" env:"DSPY_METRICS_RETRIES" placeholder:"N" help:"Number of retries, if a request did not reach the upstream, or failed there and has an Idempotency-Key (${default})."`
	Route          []string      `group:"common" default:"/predict" env:"DSPY_METRICS_ROUTES" placeholder:"[METHOD ]PATH[=TYPE]" help:"Route of predictions (${default}): a pattern of net/http, POST by default, and optionally the prediction type. Repeatable, or separated by commas."`
	Pass           []string      `group:"upstream" env:"DSPY_METRICS_PASS" placeholder:"[METHOD ]PATH" help:"Path to forward to the upstream without counting predictions: a pattern of net/http such as /v1/models or /docs/{rest...}, for all methods by default. Only the latency is measured. Repeatable, or separated by commas."`
	ReadyUpstream  string        `group:"upstream" env:"DSPY_METRICS_READY_UPSTREAM" placeholder:"PATH|attempts" help:"Make /ready depend on the upstream. Give a path of the upstream, which is requested every 2s and must answer with a status below 400. Or give attempts, to watch whether predictions reach the upstream. It takes several results in a row to change. Off by default, because an outage of a shared upstream would remove all replicas from the load balancer."`
	Prices         string        `group:"upstream" env:"DSPY_METRICS_PRICES" placeholder:"FILE" type:"path" help:"Price list for answers that do not state their cost: a JSON file in the format of LiteLLM's model_prices_and_context_window.json. It is reloaded when it changes."`
	TypeHeader     string        `group:"upstream" default:"X-Prediction-Type" env:"DSPY_METRICS_TYPE_HEADER" placeholder:"NAME" help:"Request header with the prediction type (${default})."`
	TypeField      string        `group:"upstream" default:"prediction_type" env:"DSPY_METRICS_TYPE_FIELD" placeholder:"NAME" help:"Field of a JSON request body with the prediction type (${default})."`
}

func (b *backend) validate() error {
	_, err := b.routes()
	_, wrongPass := b.passes()
	if len(b.Pass) > 0 && b.Upstream == "" {
		wrongPass = errors.New("--pass needs --upstream, because the built-in predictor cannot forward requests")
	}
	_, wrongReady := b.readiness()
	var wrongPrices error
	if b.Prices != "" && b.Upstream == "" {
		wrongPrices = errors.New("--prices needs --upstream, because the built-in predictor costs nothing")
	}
	return errors.Join(err, wrongPass, wrongReady, wrongPrices, notNegative("--retries", b.Retries), positive("--connect-timeout", b.ConnectTimeout))
}

func (b *backend) routes() ([]service.Route, error) {
	var routes []service.Route
	var errs []error
	for _, text := range b.Route {
		route, err := service.ParseRoute(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("--route: %w", err))
		}
		routes = append(routes, route)
	}
	return routes, errors.Join(errs...)
}

// readiness returns what /ready follows.
func (b *backend) readiness() (service.Readiness, error) {
	switch {
	case b.ReadyUpstream == "":
		return service.Readiness{}, nil
	case b.Upstream == "":
		return service.Readiness{}, errors.New("--ready-upstream needs --upstream, because the built-in predictor is always ready")
	case b.ReadyUpstream == "attempts":
		return service.Readiness{Attempts: true}, nil
	case strings.HasPrefix(b.ReadyUpstream, "/"):
		return service.Readiness{Path: b.ReadyUpstream}, nil
	}
	return service.Readiness{}, fmt.Errorf("--ready-upstream %q: give a path such as /health, or attempts", b.ReadyUpstream)
}

// passes returns the patterns of the paths to pass.
func (b *backend) passes() ([]string, error) {
	var patterns []string
	var errs []error
	for _, text := range b.Pass {
		pattern, err := service.ParsePass(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("--%w", err))
		}
		patterns = append(patterns, pattern)
	}
	return patterns, errors.Join(errs...)
}

// identity sets apart the answers of backends that are asked in the same way. The
// upstream is in the URL of each request; what the built-in predictor answers
// depends on its text and on its own version.
func (b *backend) identity(contract views.Contract) string {
	if b.Upstream != "" {
		return "upstream"
	}
	return "embedded " + version() + " " + guide.Text(contract)
}

func (b *backend) open(contract views.Contract, connections int) (service.Backend, error) {
	if b.Upstream == "" {
		return service.NewExtractive(guide.Text(contract))
	}
	opened, err := upstream.New(upstream.Config{
		URL: b.Upstream, Connections: connections, ConnectTimeout: b.ConnectTimeout, Retries: b.Retries,
	})
	if err != nil {
		return nil, usageError{fmt.Errorf("--%w", err)}
	}
	return opened, nil
}
