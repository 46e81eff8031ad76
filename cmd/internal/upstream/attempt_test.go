package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// script is a program that does one thing after the other, and keeps when it was
// asked.
type script struct {
	steps []step
	start time.Time
	asked []time.Duration
	open  int // answers whose body was not closed
}

type step struct {
	status     int // 0 for err
	retryAfter string
	err        error
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if body, err := io.ReadAll(r.Body); err != nil || string(body) != "question" {
			return nil, fmt.Errorf("got body %q, %w", body, err)
		}
	}
	step := s.steps[min(len(s.asked), len(s.steps)-1)]
	s.asked = append(s.asked, time.Since(s.start))
	if step.status == 0 {
		return nil, step.err
	}
	s.open++
	response := &http.Response{StatusCode: step.status, Status: http.StatusText(step.status), Header: http.Header{}, Request: r, Body: closing{s}}
	if step.retryAfter != "" {
		response.Header.Set("Retry-After", step.retryAfter)
	}
	return response, nil
}

type closing struct{ script *script }

func (c closing) Read([]byte) (int, error) { return 0, io.EOF }

func (c closing) Close() error {
	c.script.open--
	return nil
}

func ask(t *testing.T, s *script, call *service.Call, key string) (*http.Response, error) {
	t.Helper()
	u, err := New(Config{URL: "http://dspy:8000", Retries: 2})
	if err != nil {
		t.Fatal(err)
	}
	u.transport = s
	s.start = time.Now()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://dspy:8000/predict", strings.NewReader("question"))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return u.Predict(call, r)
}

// TestRetryAfter has programs that say when they come back. A client's time is 10 s.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	// In a bubble of synctest, time begins then.
	inFiveSeconds := time.Date(2000, 1, 1, 0, 0, 5, 0, time.UTC)
	tests := map[string]struct {
		steps  []step
		status int
		asked  []string // when, rounded
	}{
		"seconds":            {[]step{{503, "3", nil}, {200, "", nil}}, 200, []string{"0s", "3s"}},
		"seconds twice":      {[]step{{503, "3", nil}, {502, "4", nil}, {200, "", nil}}, 200, []string{"0s", "3s", "7s"}},
		"date":               {[]step{{503, inFiveSeconds.Format(http.TimeFormat), nil}, {200, "", nil}}, 200, []string{"0s", "5s"}},
		"date of RFC 850":    {[]step{{504, inFiveSeconds.Format("Monday, 02-Jan-06 15:04:05 GMT"), nil}, {200, "", nil}}, 200, []string{"0s", "5s"}},
		"date of asctime":    {[]step{{503, inFiveSeconds.Format(time.ANSIC), nil}, {200, "", nil}}, 200, []string{"0s", "5s"}},
		"beyond the time":    {[]step{{503, "11", nil}, {200, "", nil}}, 503, []string{"0s"}},
		"date beyond":        {[]step{{503, inFiveSeconds.Add(time.Hour).Format(http.TimeFormat), nil}, {200, "", nil}}, 503, []string{"0s"}},
		"beyond all numbers": {[]step{{503, "18446744073709551615", nil}, {200, "", nil}}, 503, []string{"0s"}},
		"second time beyond": {[]step{{503, "8", nil}, {503, "8", nil}, {200, "", nil}}, 503, []string{"0s", "8s"}},
		"zero":               {[]step{{503, "0", nil}, {200, "", nil}}, 200, []string{"0s", "0s"}},
		"past":               {[]step{{503, inFiveSeconds.Add(-time.Hour).Format(http.TimeFormat), nil}, {200, "", nil}}, 200, []string{"0s", "0s"}},
		"negative":           {[]step{{503, "-3", nil}, {200, "", nil}}, 200, []string{"0s", "0s"}},
		"nonsense":           {[]step{{503, "soon", nil}, {200, "", nil}}, 200, []string{"0s", "0s"}},
		"not said":           {[]step{{503, "", nil}, {503, "", nil}, {200, "", nil}}, 200, []string{"0s", "0s", "0s"}},
		"three times away":   {[]step{{503, "1", nil}}, 503, []string{"0s", "1s", "2s"}},
		"rate limit":         {[]step{{429, "1", nil}, {200, "", nil}}, 429, []string{"0s"}},
		"overloaded":         {[]step{{529, "1", nil}, {200, "", nil}}, 529, []string{"0s"}},
		"failed":             {[]step{{500, "1", nil}, {200, "", nil}}, 500, []string{"0s"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{steps: test.steps}
				response, err := ask(t, s, &service.Call{Deadline: time.Now().Add(10 * time.Second)}, "key")
				if err != nil || response.StatusCode != test.status {
					t.Fatalf("got %v, %v, want %d", response, err, test.status)
				}
				var asked []string
				for _, at := range s.asked {
					asked = append(asked, at.Round(time.Second).String())
				}
				if fmt.Sprint(asked) != fmt.Sprint(test.asked) {
					t.Errorf("asked after %v, want %v", asked, test.asked)
				}
				if last := test.steps[min(len(s.asked), len(test.steps))-1]; response.Header.Get("Retry-After") != last.retryAfter {
					t.Errorf("got Retry-After %q, want it as it came, %q", response.Header.Get("Retry-After"), last.retryAfter)
				}
				if s.open != 1 {
					t.Errorf("%d answers are open, want the last one", s.open)
				}
			})
		})
	}
}

// Without a time limit nobody is made to wait for a day.
func TestRetryAfterWithoutALimit(t *testing.T) {
	t.Parallel()
	for after, attempts := range map[string]int{"60": 2, "600": 2, "601": 1, "86400": 1} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []step{{503, after, nil}, {200, "", nil}}}
			if _, err := ask(t, s, new(service.Call), "key"); err != nil || len(s.asked) != attempts {
				t.Errorf("Retry-After %s: got %d attempts, %v, want %d", after, len(s.asked), err, attempts)
			}
		})
	}
}

// TestWhatIsTriedAgain has all ways to fail, of requests that may be repeated and
// of others.
func TestWhatIsTriedAgain(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Err: errors.New("refused")}
	broken := &net.OpError{Op: "read", Err: errors.New("reset")}
	tests := map[string]struct {
		step             step
		once, repeatable int // attempts
	}{
		"no connection": {step{err: refused}, 3, 3},
		"broken":        {step{err: broken}, 1, 3},
		"no HTTP":       {step{err: errors.New("malformed")}, 1, 3},
		"502":           {step{status: 502}, 1, 3},
		"503":           {step{status: 503}, 1, 3},
		"504":           {step{status: 504}, 1, 3},
		"500":           {step{status: 500}, 1, 1},
		"429":           {step{status: 429}, 1, 1},
		"400":           {step{status: 400}, 1, 1},
		"302":           {step{status: 302}, 1, 1},
		"200":           {step{status: 200}, 1, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for key, want := range map[string]int{"": test.once, "key": test.repeatable} {
				synctest.Test(t, func(t *testing.T) {
					s := &script{steps: []step{test.step}}
					_, err := ask(t, s, new(service.Call), key)
					if len(s.asked) != want {
						t.Errorf("key %q: got %d attempts, want %d", key, len(s.asked), want)
					}
					if test.step.err != nil && otelmetrics.Classify(err) != otelmetrics.ErrorUpstreamUnavailable {
						t.Errorf("got error %v", err)
					}
				})
			}
		})
	}
}

// A client that leaves while its request waits ends the wait.
func TestClientLeavesInAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u, err := New(Config{URL: "http://dspy:8000", Retries: 2})
		if err != nil {
			t.Fatal(err)
		}
		s := &script{steps: []step{{503, "60", nil}}, start: time.Now()}
		u.transport = s
		ctx, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("gone")
		time.AfterFunc(5*time.Second, func() { cancel(gone) })
		r, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://dspy:8000/predict", strings.NewReader("question"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := u.Predict(new(service.Call), r); !errors.Is(err, gone) || time.Since(s.start) != 5*time.Second || len(s.asked) != 1 {
			t.Errorf("got %v after %s and %d attempts, want the end of the context after 5s", err, time.Since(s.start), len(s.asked))
		}
	})
}
