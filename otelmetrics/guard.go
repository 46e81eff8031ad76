package otelmetrics

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"time"
)

// guard calls a function of the user's, and returns what instead is if it panics.
// A fault of such a function is logged once.
func guard[T any](p *pipeline, option string, instead T, call func() T) (result T) {
	defer func() {
		if panicked := recover(); panicked != nil {
			result = instead
			p.faulty(option, panicked)
		}
	}()
	return call()
}

// guarded returns a function of the user's with a guard.
func guarded[A, R any](p *pipeline, option string, instead R, f func(A) R) func(A) R {
	if f == nil {
		return nil
	}
	return func(argument A) R { return guard(p, option, instead, func() R { return f(argument) }) }
}

// faulty logs the first panic of a function of the user's.
func (p *pipeline) faulty(option string, panicked any) {
	if first, _ := p.warned.first(" ", option); first {
		p.logger.Error("a function of yours panicked: the measurement goes on without its answer",
			slog.String("function", option), slog.String("panic", describe(panicked)))
	}
}

// describe returns what can be said of a value without calling its methods, which
// may be the ones that panic.
func describe(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case runtime.Error:
		return value.Error()
	default:
		return fmt.Sprintf("%T", value)
	}
}

// containedHandler is a log handler of the user's that can do no harm to the
// goroutine that measures: it may panic or end its goroutine, which is one of
// its own, and it may hang. There are few lines to log.
type containedHandler struct{ slog.Handler }

func contain(logger *slog.Logger) *slog.Logger {
	return slog.New(containedHandler{logger.Handler()})
}

// Enabled implements [slog.Handler].
func (h containedHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return contained(func() bool { return h.Handler.Enabled(ctx, level) })
}

// Handle implements [slog.Handler].
func (h containedHandler) Handle(ctx context.Context, record slog.Record) error {
	return contained(func() error { return h.Handler.Handle(ctx, record) })
}

// longestLog is how long a measurement waits for a line to be logged.
const longestLog = time.Second

// contained returns what call returned, or nothing if it panicked, ended its
// goroutine or took too long.
func contained[T any](call func() T) (result T) {
	returned := make(chan T, 1)
	go func() {
		defer close(returned)
		defer func() { _ = recover() }()
		returned <- call()
	}()
	timer := time.NewTimer(longestLog)
	defer timer.Stop()
	select {
	case result = <-returned:
	case <-timer.C:
	}
	return result
}
