package main

import "errors"

// fairness is what one client leaves to the others.
type fairness struct {
	MaxClientConcurrency *int  `group:"limits" env:"DSPY_METRICS_MAX_CLIENT_CONCURRENCY" placeholder:"N" help:"Predictions at a time for one client address, or one /64 of IPv6; more are answered 429. By default seven eighths of --max-concurrency. Set 0, which is no such limit, behind a load balancer that sends all requests from one address."`
	MinRequestRate       int64 `group:"limits" default:"1024" env:"DSPY_METRICS_MIN_REQUEST_RATE" placeholder:"BYTES" help:"Bytes a second that a client must send of a body; it may stall for 10s in all. Slower ones are answered 408; 0 allows any rate (${default})."`
	MinResponseRate      int64 `group:"limits" default:"1024" env:"DSPY_METRICS_MIN_RESPONSE_RATE" placeholder:"BYTES" help:"Bytes a second that a client must take of an answer as far as the program has sent it; it may stall for 10s in all. Slower ones are cut off; 0 allows any rate (${default})."`
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
