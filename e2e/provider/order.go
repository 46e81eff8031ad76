// Package provider is a program that speaks the dialects of the providers of
// language models, for tests of what stands between it and their clients.
//
// A prompt says how it is to be answered: it contains an [Order].
package provider

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Order says what an answer is to spend and how it goes wrong.
type Order struct {
	// Input and Output are all tokens of the prompt and of the answer. The other
	// counts are parts of them.
	Input, CacheRead, CacheWrite, Output, Reasoning int
	// Cost is what the provider asks for the answer, in US dollars.
	Cost float64
	// Before is how long the first content takes, and Linger how long the
	// connection stays open after the end mark.
	Before, Linger time.Duration
	// Fault is what goes wrong. It is empty if nothing does.
	Fault Fault
}

// Fault is what goes wrong with an answer.
type Fault string

// The faults. Those that are called late come in the middle of a stream, and
// are as the others if the answer is no stream.
const (
	RateLimit     Fault = "rate_limit"
	Overloaded    Fault = "overloaded"
	Invalid       Fault = "invalid"
	LateOverload  Fault = "late_overload"
	LateRateLimit Fault = "late_rate_limit"
	// Cut is a stream that ends after some content, without the end mark.
	Cut Fault = "cut"
	// Endless is a stream of content that does not end before the client leaves.
	Endless Fault = "endless"

	none Fault = "none" // in a prompt
)

// Prompt returns a prompt that asks for the order.
func (o Order) Prompt() string {
	return fmt.Sprintf("[[order %d %d %d %d %d %s %s %s %s]]", o.Input, o.CacheRead, o.CacheWrite, o.Output, o.Reasoning,
		strconv.FormatFloat(o.Cost, 'f', -1, 64), o.Before, o.Linger, cmp.Or(o.Fault, none))
}

// parseOrder finds the order in a request: the last one, as some clients send
// examples first.
func parseOrder(request []byte) (Order, error) {
	found := regexp.MustCompile(`\[\[order ([^\]]*)\]\]`).FindAllSubmatch(request, -1)
	if len(found) == 0 {
		return Order{}, fmt.Errorf("there is no order in %q", request)
	}
	text := string(found[len(found)-1][1])
	var o Order
	var before, linger string
	if _, err := fmt.Sscan(text, &o.Input, &o.CacheRead, &o.CacheWrite, &o.Output, &o.Reasoning, &o.Cost, &before, &linger, &o.Fault); err != nil {
		return Order{}, fmt.Errorf("order %q: %w", text, err)
	}
	var err error
	if o.Before, err = time.ParseDuration(before); err != nil {
		return Order{}, fmt.Errorf("order %q: %w", text, err)
	}
	if o.Linger, err = time.ParseDuration(linger); err != nil {
		return Order{}, fmt.Errorf("order %q: %w", text, err)
	}
	if o.Fault == none {
		o.Fault = ""
	}
	return o, nil
}
