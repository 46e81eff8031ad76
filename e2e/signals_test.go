package e2e

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// signal sends a signal to a service.
func (s *service) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// logs waits for a text in the log.
func (s *service) logs(t *testing.T, text string) {
	t.Helper()
	until(t, s.process, func() error {
		if !strings.Contains(s.output.String(), text) {
			return fmt.Errorf("no %q in the log", text)
		}
		return nil
	})
}

// pushingTo starts a service that pushes to Prometheus, often.
func pushingTo(t *testing.T, p *prometheus, instance string, flags ...string) *service {
	t.Helper()
	return serveWith(t, []string{
		"OTEL_RESOURCE_ATTRIBUTES=service.instance.id=" + instance, "OTEL_METRIC_EXPORT_INTERVAL=200",
		"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=" + p.url() + "/api/v1/otlp/v1/metrics",
	}, append(flags, "--service", "e2e")...)
}

// What was answered until a service has ended by SIGTERM is what it has pushed:
// predictions and refusals, to the last one. Nothing in flight is lost.
func TestTotalsAreExactAfterSIGTERM(t *testing.T) {
	t.Parallel()
	p := receive(t)
	s := pushingTo(t, p, "a", "--upstream", program(t, taking(50*time.Millisecond)), "--cache", "off", "--max-concurrency", "6", "--drain-delay", "300ms")
	c := newCrowd(s, 8)
	stop := c.press(t, 8)
	c.answered(t, s.process, 100)
	s.signal(t, syscall.SIGTERM)
	start := time.Now()
	if err := s.wait(t); err != nil {
		t.Errorf("after SIGTERM: got %v, want exit code 0", err)
	}
	took := time.Since(start)
	stop()
	// What comes as the listener closes finds nobody: net/http drops it unread, and the
	// client hears of it in one of many ways. It has not begun, or the totals would not be
	// those of the answers. Nobody is left waiting.
	for why, count := range c.broken {
		if strings.Contains(why, "Client.Timeout") {
			t.Errorf("%d requests: %s", count, why)
		}
	}
	for selector, want := range map[string]int{
		`dspy_predictions_total{status="success"}`:             c.count(200),
		`dspy_predictions_total{status="failure"}`:             0,
		`dspy_prediction_duration_seconds_count`:               c.count(200),
		`dspy_errors_total{error_type="overloaded"}`:           c.count(429),
		`dspy_errors_total{error_type="upstream_unavailable"}`: c.count(503),
		`dspy_api_latency_seconds_count{status_code="503"}`:    c.count(503),
		`dspy_active_predictions`:                              0,
	} {
		if want == 0 && strings.Contains(selector, "503") {
			continue // a series that was never made
		}
		until(t, p.process, func() error { return p.count(t, selector, want) })
	}
	t.Logf("ended after %v; %d predictions, %d refused for overload, %d while draining, all accounted for",
		took.Round(time.Millisecond), c.count(200), c.count(429), c.count(503))
}

// SIGKILL loses what was measured since the last push, and nothing of before; the
// next process counts from zero beside it.
func TestTotalsAfterSIGKILL(t *testing.T) {
	t.Parallel()
	const clients = 8
	p := receive(t)
	s := pushingTo(t, p, "a")
	c := newCrowd(s, clients)
	stop := c.press(t, clients)
	c.answered(t, s.process, 200)
	stop()
	before := c.count(200)
	until(t, p.process, func() error { return p.counted(t, before) })

	stop = c.press(t, clients)
	c.answered(t, s.process, 2*before)
	s.signal(t, syscall.SIGKILL)
	_ = s.wait(t)
	stop()
	next := pushingTo(t, p, "b")
	exercise(t, next)
	until(t, p.process, func() error { return p.count(t, `dspy_predictions_total{status="success",instance="b"}`, 3) })
	stored, err := p.query(t, `sum(dspy_predictions_total{status="success",instance="a"})`)
	if err != nil || len(stored) != 1 {
		t.Fatalf("got %v, %v", stored, err)
	}
	// An answer may have been counted and not have come any more.
	if got, most := int(stored[0].Value), c.count(200)+clients; got < before || got > most {
		t.Errorf("got %d predictions stored, want from %d to %d", got, before, most)
	}
	t.Logf("%d answers seen, %d stored when it was killed", c.count(200), int(stored[0].Value))
}

// A second signal ends a service that waits for what is in flight.
func TestSecondSIGTERMEndsAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, "--upstream", program(t, taking(time.Hour)), "--drain-delay", "0s")
	c := newCrowd(s, 1)
	stop := c.press(t, 1)
	defer stop()
	s.has(t, map[string]int{"dspy_active_predictions": 1})
	s.signal(t, syscall.SIGTERM)
	s.logs(t, "draining")
	s.signal(t, syscall.SIGTERM)
	err := s.wait(t)
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("got %v, want an end by the signal", err)
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("got %v, want an end by the signal", err)
	}
}

// Whatever hangs, a service ends within the bounds of its flags.
func TestShutdownIsBounded(t *testing.T) {
	t.Parallel()
	const post = "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
	hole := func(t *testing.T) string { // takes connections and no more
		t.Helper()
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		return listener.Addr().String()
	}
	for name, test := range map[string]struct {
		flags   []string
		pushes  bool
		request string
		active  int
		fails   bool // a prediction is cut off
	}{
		"program":        {flags: []string{"--upstream", "program"}, request: post + "\r\n" + strings.Repeat("x", 1000), active: 1, fails: true},
		"collector":      {pushes: true},
		"redis":          {flags: []string{"--cache", "redis"}},
		"slow headers":   {request: post},
		"slow body":      {request: post + "\r\n{"},
		"all of them":    {flags: []string{"--upstream", "program", "--cache", "redis"}, pushes: true, request: post + "\r\n" + strings.Repeat("x", 1000), active: 1, fails: true},
		"nothing at all": {request: ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags := []string{"--drain-delay", "0s", "--shutdown-timeout", "1s"}
			if test.active == 0 { // or a whole request must come in that time
				flags = append(flags, "--client-timeout", "500ms")
			}
			for _, flag := range test.flags {
				switch flag {
				case "program":
					flag = "http://" + hole(t)
				case "redis":
					flag = "redis://" + hole(t) + "/0"
				}
				flags = append(flags, flag)
			}
			var variables []string
			if test.pushes {
				variables = []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + hole(t)}
			}
			s := serveWith(t, variables, flags...)
			conn := dialed(t, s, test.request)
			s.has(t, map[string]int{"dspy_active_predictions": test.active})
			s.signal(t, syscall.SIGTERM)
			start := time.Now()
			err := s.wait(t)
			took := time.Since(start)
			if (err != nil) != test.fails {
				t.Errorf("got %v, want an error: %t", err, test.fails)
			}
			// The second of the flag, five of the last push, and time to end. The defaults
			// would be half a minute.
			if took > 20*time.Second {
				t.Errorf("got an end after %v", took)
			}
			if _, err := io.Copy(io.Discard, conn); errors.Is(err, syscall.ETIMEDOUT) {
				t.Error("the client is left waiting")
			}
			t.Logf("ended after %v", took.Round(time.Millisecond))
		})
	}
}
