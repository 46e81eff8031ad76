package service_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
)

const jsonType = "application/json"

func active(count int) string { return fmt.Sprintf(`dspy_active_predictions{service="qa"} %d`, count) }

// An answer passes as it comes, to all who asked for it: to the one whose request it
// is, to those who joined, and to one who joins when half of it is there.
func TestAnswersPassAsTheyCome(t *testing.T) {
	t.Parallel()
	for name, contentType := range map[string]string{"JSON": jsonType, "events": "text/event-stream", "unknown": "text/plain"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var made atomic.Int64
			next := make(chan struct{})
			url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
				made.Add(1)
				w.Header().Set("Content-Type", contentType)
				for _, part := range []string{"\n", "\n", `{"answer":`, `"a"}`} {
					_, _ = io.WriteString(w, part)
					_ = http.NewResponseController(w).Flush()
					<-next
				}
			}, cached)
			var bodies []*bufio.Reader
			join := func() {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/predict", strings.NewReader("{}"))
				if err != nil {
					t.Error(err)
					return
				}
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Error(err)
					return
				}
				t.Cleanup(func() { _ = response.Body.Close() })
				bodies = append(bodies, bufio.NewReader(response.Body))
			}
			join()
			join() // The first part is there: it has its header at once.
			for _, body := range bodies {
				if got, err := body.ReadByte(); err != nil || got != '\n' {
					t.Fatalf("got %q, %v", got, err)
				}
			}
			close(next)
			join()
			for i, body := range bodies {
				rest, err := io.ReadAll(body)
				if want := "\n\n{\"answer\":\"a\"}"; err != nil || !strings.HasSuffix(want, string(rest)) || len(rest) < len(want)-1 {
					t.Errorf("client %d got %q, %v", i, rest, err)
				}
			}
			if name == "JSON" && made.Load() != 1 {
				t.Errorf("the program was asked %d times, want once", made.Load())
			}
			poll(t, url, predictions("predict", "success", 3), idle)
		})
	}
}

// A request that asks for a stream does not wait for another one, and none for it,
// however it asks.
func TestStreamsAreNotJoined(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]asked{
		"member":             {body: `{"stream":true}`},
		"member, last":       {body: `{"stream":false,"messages":[],"stream":true}`},
		"member, number":     {body: `{"stream":1}`},
		"Accept":             {body: "{}", header: "Accept", value: "application/json, Text/Event-Stream;q=0.9"},
		"Accept, lines":      {body: "{}", header: "Accept", value: "application/x-ndjson"},
		"Accept, of Bedrock": {body: "{}", header: "Accept", value: "application/vnd.amazon.eventstream"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const clients = 4
			entered, release := make(chan struct{}, clients), make(chan struct{})
			url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
				entered <- struct{}{}
				<-release
				w.Header().Set("Content-Type", jsonType)
				_, _ = io.WriteString(w, "{}")
			}, cached)
			ask.path = "/predict"
			var asking sync.WaitGroup
			for range clients {
				asking.Go(func() { ask.send(t, url) })
			}
			for range clients { // All of them reach the program at the same time.
				<-entered
			}
			close(release)
			asking.Wait()
			poll(t, url, predictions("predict", "success", clients), idle)
		})
	}
}

// Those who wait for an answer that turns out not to be for them ask for themselves, all
// at once and as soon as its header is there; and the next ones do not wait at all.
func TestWhoWaitsInVain(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]http.Header{
		"Set-Cookie":        {"Set-Cookie": {""}},
		"no-store":          {"Cache-Control": {"no-store"}},
		"private":           {"Cache-Control": {"private"}},
		"stale":             {"Cache-Control": {"max-age=0"}},
		"Vary":              {"Vary": {"*"}},
		"stream":            {"Content-Type": {"text/event-stream"}},
		"a part":            {"Content-Range": {"bytes 0-1/9"}},
		"too large":         {"Content-Length": {"1048577"}},
		"without a length":  {"Content-Type": {"text/plain"}},
		"trailers announce": {"Trailer": {"X-Late"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const clients = 5
			entered, headers, release := make(chan struct{}, 100), make(chan struct{}), make(chan struct{})
			url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
				entered <- struct{}{}
				<-headers
				maps.Copy(w.Header(), header)
				if name == "a part" {
					w.WriteHeader(http.StatusPartialContent)
				}
				_ = http.NewResponseController(w).Flush()
				<-release
				if name == "too large" {
					_, _ = io.WriteString(w, strings.Repeat("x", 1<<20+1))
				}
			}, cached)
			same := asked{path: "/predict", body: "{}"}
			var asking sync.WaitGroup
			for range clients {
				asking.Go(func() { same.send(t, url) })
			}
			<-entered
			poll(t, url, active(clients))
			if len(entered) > 0 {
				t.Error("the requests were not joined")
			}
			close(headers)
			for range clients - 1 { // While the first answer is still coming.
				<-entered
			}
			for range clients { // Nobody has to wait for the header.
				asking.Go(func() { same.send(t, url) })
			}
			for range clients {
				<-entered
			}
			close(release)
			asking.Wait()
			poll(t, url, predictions("predict", "success", 2*clients), idle)
		})
	}
}

// A failure of the one request is the failure of all who joined it, each counted once;
// nothing of it is kept.
func TestJoinedFailure(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fail   func(w http.ResponseWriter)
		status int // 0 if the answer breaks off
		want   string
	}{
		"status": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) }, 429, "rate_limit"},
		"in a 200": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", jsonType)
			_, _ = io.WriteString(w, `{"error":{"message":"no"}}`)
		}, 200, "prediction_failed"},
		"no answer": {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, 502, "upstream_unavailable"},
		"half an answer": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", jsonType)
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"half`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, 0, "upstream_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const clients = 5
			entered, release := make(chan struct{}, 100), make(chan struct{})
			url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
				entered <- struct{}{}
				<-release
				test.fail(w)
			}, cached)
			var asking sync.WaitGroup
			for range clients {
				asking.Go(func() {
					got, err := send(t.Context(), t, http.MethodPost, url+"/predict", "{}")
					if test.status == 0 && err == nil || test.status != 0 && (err != nil || got.status != test.status) {
						t.Errorf("got %+v, %v, want status %d", got, err, test.status)
					}
				})
			}
			<-entered
			poll(t, url, active(clients))
			close(release)
			asking.Wait()
			poll(t, url, predictions("predict", "failure", clients), errorsOf(test.want, clients), idle)
			_, _ = send(t.Context(), t, http.MethodPost, url+"/predict", "{}")
			<-entered // nothing was kept
			if len(entered) > 0 {
				t.Error("the program was asked more than twice")
			}
		})
	}
}

// When the time of the one who led is over, those who joined later go on.
func TestLeadersTimeIsNobodyElses(t *testing.T) {
	t.Parallel()
	const limit = 1500 * time.Millisecond
	release, entered := make(chan struct{}), make(chan struct{}, 10)
	url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-release
		_, _ = io.WriteString(w, "answer")
	}, func(c *service.Config) {
		cached(c)
		c.Timeout = limit
	})
	led := make(chan response, 1)
	go func() { led <- (asked{path: "/predict", body: "a"}).send(t, url) }()
	<-entered
	start := time.Now()
	eventually(t, func() error { // Half of the leader's time passes.
		if passed := time.Since(start); passed < limit/2 {
			return errors.New("it is early")
		}
		return nil
	})
	joined := make(chan response, 1)
	go func() { joined <- (asked{path: "/predict", body: "a"}).send(t, url) }()
	poll(t, url, active(2))
	if got := <-led; got.status != http.StatusGatewayTimeout {
		t.Errorf("who led got %+v, want a timeout", got)
	}
	close(release)
	if got := <-joined; got.status != 200 || got.body != "answer" || len(entered) > 0 {
		t.Errorf("who joined got %+v, and the program was asked %d more times", got, len(entered))
	}
	poll(t, url, predictions("predict", "success", 1), errorsOf("timeout", 1), idle)
}

// When all have left, so does the request; and when they left while it was being made,
// the next one starts anew.
func TestFlightEndsWithItsLastPassenger(t *testing.T) {
	t.Parallel()
	entered, left := make(chan struct{}, 10), make(chan struct{}, 10)
	url := behind(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		entered <- struct{}{}
		<-r.Context().Done()
		left <- struct{}{}
	}, cached)
	for round := range 3 {
		ctx, leave := context.WithCancel(t.Context())
		var asking sync.WaitGroup
		for range 4 {
			asking.Go(func() {
				if got, err := send(ctx, t, http.MethodPost, url+"/predict", "a"); err == nil {
					t.Errorf("got %+v", got)
				}
			})
		}
		<-entered
		poll(t, url, active(4))
		leave()
		asking.Wait()
		<-left
		poll(t, url, errorsOf("canceled", 4*(round+1)), idle)
	}
}

// An answer that is too large to be held passes whole to all who joined, when each of
// them reads at its own pace; one who reads nothing is left behind.
func TestLargeAnswersAreShared(t *testing.T) {
	t.Parallel()
	const clients, size = 4, 8 << 20
	var made atomic.Int64
	release := make(chan struct{})
	url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
		made.Add(1)
		<-release
		w.Header().Set("Content-Type", jsonType)
		_ = http.NewResponseController(w).Flush()
		chunk := strings.Repeat("x", 64<<10)
		_, _ = io.WriteString(w, `"`)
		for range size / len(chunk) {
			_, _ = io.WriteString(w, chunk)
		}
		_, _ = io.WriteString(w, `"`)
	}, func(c *service.Config) {
		cached(c)
		c.MaxAnswerBytes = 256 << 10
	})
	ctx, leave := context.WithCancel(t.Context())
	stalled, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/predict", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	var asking sync.WaitGroup
	asking.Go(func() {
		response, err := http.DefaultClient.Do(stalled)
		if err != nil {
			t.Error(err)
			return
		}
		defer response.Body.Close()
		<-ctx.Done() // It reads nothing.
	})
	for range clients {
		asking.Go(func() {
			got := (asked{path: "/predict", body: "{}"}).send(t, url)
			if got.status != 200 || len(got.body) != size+2 {
				t.Errorf("got %d bytes with %d, want %d", len(got.body), got.status, size+2)
			}
		})
	}
	poll(t, url, active(clients+1))
	close(release)
	poll(t, url, predictions("predict", "success", clients), active(1))
	leave()
	asking.Wait()
	poll(t, url, errorsOf("canceled", 1), idle)
	if made.Load() != 1 {
		t.Errorf("the program was asked %d times, want once", made.Load())
	}
}

// What panics on the way to the backend ends no process: it fails those who joined.
func TestPanicOfAJoinedRequest(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(){
		"panic": func() { panic("the backend is broken") },
		"exit":  runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const clients = 3
			entered, release := make(chan struct{}, clients), make(chan struct{})
			_, url := start(t, func(context.Context) error { return nil }, func(c *service.Config) {
				cached(c)
				c.MaxConcurrency = 10
				c.Backend = breaking{c.Backend, func(r *http.Response) {
					entered <- struct{}{}
					<-release
					r.Body = broken{fail}
				}}
			})
			var asking sync.WaitGroup
			for range clients {
				asking.Go(func() {
					if got, err := send(t.Context(), t, http.MethodPost, url+"/predict", `{"inputs":{"question":"?"}}`); err == nil {
						t.Errorf("got %+v", got)
					}
				})
			}
			<-entered
			poll(t, url, active(clients))
			close(release)
			asking.Wait()
			poll(t, url, predictions("predict", "failure", clients), errorsOf("panic", clients), idle)
		})
	}
}

// breaking changes the answers of a backend.
type breaking struct {
	service.Backend
	change func(*http.Response)
}

func (b breaking) Predict(call *service.Call, r *http.Request) (*http.Response, error) {
	response, err := b.Backend.Predict(call, r)
	if err == nil {
		b.change(response)
	}
	return response, err
}

// broken is a body that panics.
type broken struct{ fail func() }

func (b broken) Read([]byte) (int, error) { b.fail(); return 0, io.EOF }
func (broken) Close() error               { return nil }

// Whatever clients do, each has one outcome, each whole answer is the right one, and
// nothing is left behind.
func TestFlightsAtRandom(t *testing.T) {
	t.Parallel()
	const clients, rounds = 16, 20
	url := behind(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch len(body) % 4 {
		case 0:
			w.Header().Set("Set-Cookie", "a=b")
		case 1:
			w.Header().Set("Content-Type", jsonType)
			_ = http.NewResponseController(w).Flush()
		case 2:
			w.Header().Set("Content-Type", "text/event-stream")
		}
		_, _ = w.Write(body)
	}, cached)
	before := runtime.NumGoroutine()
	var asking sync.WaitGroup
	for client := range clients {
		asking.Go(func() {
			for round := range rounds {
				ctx, cancel := context.WithCancel(t.Context())
				if (client+round)%5 == 0 {
					time.AfterFunc(time.Duration(client*round%7)*100*time.Microsecond, cancel)
				}
				body := strings.Repeat("x", 1+round/2)
				got, err := send(ctx, t, http.MethodPost, url+"/predict", body)
				if err == nil && (got.status != 200 || got.body != body) || err != nil && ctx.Err() == nil {
					t.Errorf("got %+v, %v, want %q", got, err, body)
				}
				cancel()
			}
		})
	}
	asking.Wait()
	poll(t, url, idle)
	http.DefaultClient.CloseIdleConnections()
	eventually(t, func() error {
		if now := runtime.NumGoroutine(); now > before+200 { // Other tests run at the same time.
			return fmt.Errorf("%d goroutines, %d before", now, before)
		}
		return nil
	})
}
