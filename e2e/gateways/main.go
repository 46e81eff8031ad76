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
	flag.IntVar(&o.requests, "requests", 4000, "how many `requests` of whole answers; a tenth as many streams")
	flag.IntVar(&o.clients, "clients", 8, "how many `clients` ask at the same time")
	flag.IntVar(&o.rounds, "rounds", 3, "how many `rounds`; the table shows medians")
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
	var results []result
	for _, g := range all(o.service) {
		if len(o.only) > 0 && !slices.Contains(o.only, g.name) {
			continue
		}
		if g.missing() {
			fmt.Fprintf(os.Stderr, "gateways: %s is left out: %s is not on the PATH\n", g.name, g.program)
			continue
		}
		if results, err = measure(ctx, o, g, program, results); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	table(os.Stdout, results)
	return nil
}

// measure runs all scenarios through one gateway.
func measure(ctx context.Context, o options, g gateway, program *program, results []result) ([]result, error) {
	running, err := g.start(ctx, program.url)
	if err != nil {
		return results, err
	}
	defer running.stop()
	for _, s := range scenarios() {
		program.delay.Store(int64(s.delay))
		l := load{url: running.url, header: g.header(program.url), stream: s.stream, clients: o.clients}
		rounds, err := l.rounds(ctx, running, max(1, o.requests/s.share/g.slowness), o.rounds)
		switch {
		case ctx.Err() != nil:
			return results, context.Cause(ctx)
		case err != nil: // the others can still be measured
			fmt.Fprintf(os.Stderr, "gateways: %s, %s: left out: %v\n", g.name, s.name, err)
		default:
			results = append(results, result{gateway: g.name, scenario: s.name, figures: medians(rounds)})
			fmt.Fprintf(os.Stderr, "gateways: %s, %s: done\n", g.name, s.name)
		}
	}
	return results, nil
}

// rounds asks in several rounds, after one to warm up.
func (l load) rounds(ctx context.Context, gateway *running, requests, count int) ([]figures, error) {
	if _, err := l.run(ctx, max(1, requests/10)); err != nil {
		return nil, err
	}
	rounds := make([]figures, count)
	for i := range rounds {
		before, err := gateway.usage()
		if err != nil {
			return nil, err
		}
		latencies, err := l.run(ctx, requests)
		if err != nil {
			return nil, err
		}
		after, err := gateway.usage()
		if err != nil {
			return nil, err
		}
		rounds[i] = figures{
			cpu:    (after.cpu - before.cpu).Seconds() / float64(requests) * 1000,
			median: quantile(latencies, 0.5), high: quantile(latencies, 0.99), memory: after.memory,
		}
	}
	return rounds, nil
}
