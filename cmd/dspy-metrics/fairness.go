package main

import "errors"

// fairness holds the flags that limit one client in favor of the others.
type fairness struct {
	MaxClientConcurrency *int  `group:"limits" env:"DSPY_METRICS_MAX_CLIENT_CONCURRENCY" placeholder:"N" help:"Concurrent predictions for one client address, or one IPv6 /64; more are answered 429. By default seven eighths of --max-concurrency. Set 0 (no limit) behind a load balancer that sends all requests from one address."`
	MinRequestRate       int64 `group:"limits" default:"1024" env:"DSPY_METRICS_MIN_REQUEST_RATE" placeholder:"BYTES" help:"Minimum rate at which a client must send its body, in bytes per second; it may be slower for 10s in total. Slower clients are answered 408. 0 allows any rate (${default})."`
	MinResponseRate      int64 `group:"limits" default:"1024" env:"DSPY_METRICS_MIN_RESPONSE_RATE" placeholder:"BYTES" help:"Minimum rate at which a client must read an answer, in bytes per second; it may be slower for 10s in total. Time in which the program sends nothing does not count. Slower clients are disconnected. 0 allows any rate (${default})."`
}

func (f *fairness) validate() error {
	return errors.Join(
		notNegative("--max-client-concurrency", f.share(0)),
		notNegative("--min-request-rate", f.MinRequestRate),
		notNegative("--min-response-rate", f.MinResponseRate),
	)
}

// share returns how many of the places one client may have; 0 is all of them.
func (f *fairness) share(places int) int {
	if f.MaxClientConcurrency == nil {
		return places - places/8
	}
	return *f.MaxClientConcurrency
}
