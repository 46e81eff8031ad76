package goexit_test

import (
	"runtime"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/goexit"
)

// call is a deferred call that notes whether its goroutine is ending.
type call struct{ exit, seen bool }

//go:noinline
func (c *call) note(address uintptr) { c.exit, c.seen = goexit.Runs(address), true }

func TestRuns(t *testing.T) {
	t.Parallel()
	address := goexit.Address()
	if address == 0 {
		t.Fatal("no address")
	}
	for name, test := range map[string]struct {
		run  func(c *call)
		want bool
	}{
		"return": {func(c *call) { defer c.note(address) }, false},
		"call":   {func(c *call) { c.note(address) }, false},
		"go": {func(c *call) {
			done := make(chan struct{})
			go func() { defer close(done); c.note(address) }()
			<-done
		}, false},
		"exit":               {func(c *call) { defer c.note(address); runtime.Goexit() }, true},
		"exit in a function": {func(c *call) { defer c.note(address); func() { runtime.Goexit() }() }, true},
		"function literal":   {func(c *call) { defer func() { c.note(address) }(); runtime.Goexit() }, false},
		"method value":       {func(c *call) { note := c.note; defer note(address); runtime.Goexit() }, true},
		"in a loop": {func(c *call) {
			for range 2 {
				defer c.note(address)
			}
			runtime.Goexit()
		}, true},
		"return in a loop": {func(c *call) {
			for range 2 {
				defer c.note(address)
			}
		}, false},
		"test that fails": {func(c *call) { defer c.note(address); new(testing.T).SkipNow() }, true},
		"panic":           {func(c *call) { defer func() { _ = recover() }(); defer c.note(address); panic("x") }, false},
		"after a panic": {func(c *call) {
			defer c.note(address)
			defer func() { _ = recover(); runtime.Goexit() }()
			panic("x")
		}, true},
		"panic while exiting": {func(c *call) {
			defer c.note(address)
			defer func() { defer func() { _ = recover() }(); panic("x") }()
			runtime.Goexit()
		}, true},
		"deferred function that returns": {func(c *call) {
			note := func() { defer c.note(address) }
			defer note()
			runtime.Goexit()
		}, false},
		"return while exiting": {func(c *call) {
			defer func() { func() { defer c.note(address) }() }()
			runtime.Goexit()
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c call
			done := make(chan struct{})
			go func() {
				defer close(done)
				test.run(&c)
			}()
			<-done
			if !c.seen || c.exit != test.want {
				t.Errorf("got exit %t of a call that ran: %t; want %t", c.exit, c.seen, test.want)
			}
		})
	}
}

func BenchmarkRuns(b *testing.B) {
	var c call
	for b.Loop() {
		c.note(1)
	}
}
