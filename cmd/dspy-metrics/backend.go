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

// backend is who makes the predictions, and what tells their type.
type backend struct {
	Upstream       string        `group:"common" env:"DSPY_METRICS_UPSTREAM" placeholder:"URL" help:"The DSPy service that makes the predictions; by default the embedded predictor does."`
	ConnectTimeout time.Duration `group:"upstream" default:"5s" env:"DSPY_METRICS_CONNECT_TIMEOUT" help:"Longest wait for a connection to the upstream (${default})."`
	Retries        int           `group:"upstream" default:"2" env:"DSPY_METRICS_RETRIES" placeholder:"N" help:"How often a request is sent again that did not reach the upstream, or failed there and has an Idempotency-Key (${default})."`
	Route          []string      `group:"common" default:"/predict" env:"DSPY_METRICS_ROUTES" placeholder:"[METHOD ]PATH[=TYPE]" help:"A route of predictions, POST by default, as net/http's patterns, and their type if it is always the same (${default}). Repeatable, or with commas."`
	Pass           []string      `group:"upstream" env:"DSPY_METRICS_PASS" placeholder:"[METHOD ]PATH" help:"A path whose requests go to the upstream and are no predictions, as net/http's patterns, for all methods if none is given: /v1/models, /docs/{rest...}. Only their latency is measured. Repeatable, or with commas."`
	ReadyUpstream  string        `group:"upstream" env:"DSPY_METRICS_READY_UPSTREAM" placeholder:"PATH|attempts" help:"Whether /ready follows the upstream too: a path of it that answers below 400 when it is well, asked every 2s, or attempts, the predictions that do not reach it. Several results in a row turn it. By default it does not: an outage of an upstream that all replicas share would take all of them out of the load balancer."`
	Prices         string        `group:"upstream" env:"DSPY_METRICS_PRICES" placeholder:"FILE" type:"path" help:"What models cost where an answer does not state its cost: a JSON file in the format of LiteLLM's model_prices_and_context_window.json, which is read again when it changes."`
	TypeHeader     string        `group:"upstream" default:"X-Prediction-Type" env:"DSPY_METRICS_TYPE_HEADER" placeholder:"NAME" help:"The request header that tells the prediction type (${default})."`
	TypeField      string        `group:"upstream" default:"prediction_type" env:"DSPY_METRICS_TYPE_FIELD" placeholder:"NAME" help:"The field of a JSON request that tells it (${default})."`
}

func (b *backend) validate() error {
	_, err := b.routes()
	_, wrongPass := b.passes()
	if len(b.Pass) > 0 && b.Upstream == "" {
		wrongPass = errors.New("--pass needs --upstream: the embedded predictor has nothing to pass requests to")
	}
	_, wrongReady := b.readiness()
	var wrongPrices error
	if b.Prices != "" && b.Upstream == "" {
		wrongPrices = errors.New("--prices needs --upstream: the embedded predictor spends nothing")
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
		return service.Readiness{}, errors.New("--ready-upstream needs --upstream: the embedded predictor is always there")
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
// upstream is in the URL of each request; what the embedded predictor answers
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
