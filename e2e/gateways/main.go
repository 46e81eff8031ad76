// Command gateways measures what gateways in front of a language model cost: CPU
// time, latency and memory, side by side in one run. Each stands between the same
// client and the same program, which speaks OpenAI's chat completions.
//
//	gateways -service bin/dspy-metrics
//
// Gateways whose programs are not on the PATH are left out, with a line that says
// so. Times mean nothing on another machine: compare the ratios.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == bareName {
		serveBare(os.Args[2:]) // this program is also the proxy to compare with
		return
	}
	var o options
	flag.StringVar(&o.service, "service", "dspy-metrics", "the `program` of dspy-metrics")
	flag.StringVar(&o.before, "before", "", "an earlier build of the `program` of dspy-metrics, to compare with")
	flag.IntVar(&o.requests, "requests", 4000, "how many `requests` of whole answers; a tenth as many streams")
	flag.IntVar(&o.clients, "clients", 8, "how many `clients` ask at the same time")
	flag.IntVar(&o.rounds, "rounds", 7, "how many `rounds`; the table shows medians")
	flag.Func("only", "`names` of gateways, separated by commas", func(names string) error {
		o.only = strings.Split(names, ",")
		return nil
	})
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gateways:", err)
		os.Exit(1)
	}
}

type options struct {
	service  string
	before   string
	requests int
	clients  int
	rounds   int
	only     []string
}

// scenario is a kind of request and of answer.
type scenario struct {
	name   string
	stream bool
	delay  time.Duration // of the program
	share  int           // of the requests: one of so many
}

func scenarios() []scenario {
	return []scenario{
		{name: "whole", share: 1},
		{name: "whole, program takes 1 ms", delay: time.Millisecond, share: 1},
		{name: "stream of 50 chunks", stream: true, share: 10},
	}
}

func run(ctx context.Context, o options) error {
	program, err := startProgram(ctx)
	if err != nil {
		return err
	}
	defer program.close()
	var entries []*entry
	defer func() {
		for _, e := range entries {
			e.stop()
		}
	}()
	for _, g := range all(o) {
		if len(o.only) > 0 && !slices.Contains(o.only, g.name) {
			continue
		}
		if g.missing() {
			fmt.Fprintf(os.Stderr, "gateways: %s is left out: %s is not on the PATH\n", g.name, g.program)
			continue
		}
		running, err := g.start(ctx, program.url)
		if err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
		entries = append(entries, &entry{gateway: g, running: running})
	}
	var results []result
	for _, s := range scenarios() {
		program.delay.Store(int64(s.delay))
		measured, err := compare(ctx, o, s, program, entries)
		if err != nil {
			return err
		}
		results = append(results, measured...)
	}
	table(os.Stdout, results)
	return nil
}

// entry is a gateway that takes part.
type entry struct {
	gateway
	*running
}

// compare runs one scenario through all gateways. They take turns, round by round,
// so that other work on the machine falls on all of them.
func compare(ctx context.Context, o options, s scenario, program *program, entries []*entry) ([]result, error) {
	rounds := make([][]figures, len(entries))
	failed := make([]error, len(entries))
	for round := range o.rounds + 1 { // the first is to warm up
		for i, e := range entries {
			if failed[i] != nil {
				continue
			}
			requests := max(1, o.requests/s.share/e.slowness)
			if round == 0 {
				requests = max(1, requests/10)
			}
			l := load{url: e.url, header: e.header(program.url), stream: s.stream, clients: o.clients}
			f, err := l.round(ctx, e.running, requests)
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if failed[i] = err; err != nil { // the others can still be measured
				fmt.Fprintf(os.Stderr, "gateways: %s, %s: left out: %v\n", e.name, s.name, err)
			} else if round > 0 {
				rounds[i] = append(rounds[i], f)
			}
		}
	}
	fmt.Fprintf(os.Stderr, "gateways: %s: done\n", s.name)
	var results []result
	for i, e := range entries {
		if failed[i] == nil {
			results = append(results, result{gateway: e.name, scenario: s.name, rounds: rounds[i]})
		}
	}
	return results, nil
}

// round asks so many times, and returns what that took.
func (l load) round(ctx context.Context, gateway *running, requests int) (figures, error) {
	before, err := gateway.usage()
	if err != nil {
		return figures{}, err
	}
	latencies, err := l.run(ctx, requests)
	if err != nil {
		return figures{}, err
	}
	after, err := gateway.usage()
	if err != nil {
		return figures{}, err
	}
	return figures{
		cpu:    (after.cpu - before.cpu).Seconds() / float64(requests) * 1000,
		median: quantile(latencies, 0.5), high: quantile(latencies, 0.99), memory: after.memory,
	}, nil
}
