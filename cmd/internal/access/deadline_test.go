package access

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// told is a connection that counts how often it is told of a deadline.
type told struct {
	net.Conn
	times atomic.Int64
}

func (c *told) SetReadDeadline(t time.Time) error {
	c.times.Add(1)
	return c.Conn.SetReadDeadline(t)
}

func (c *told) SetWriteDeadline(t time.Time) error {
	c.times.Add(1)
	return c.Conn.SetWriteDeadline(t)
}

// accepted returns a connection of a listener in a bubble of synctest.
func accepted(t *testing.T) (*connection, *told) {
	t.Helper()
	listener := make(pipes)
	c := newConnections(listener, 0)
	client, server := net.Pipe()
	counted := &told{Conn: server}
	go func() { listener <- counted }()
	conn, err := c.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		_ = conn.Close()
		_ = client.Close()
		time.Sleep(sweep) //nolint:forbidigo // The time of the bubble: the last sweep ends.
	})
	return conn.(*connection), counted
}

// A deadline ends a read and a write at its time, however often and whenever it is
// moved, as it does without us.
func TestDeadlineIsExact(t *testing.T) {
	t.Parallel()
	type move struct{ at, to time.Duration } // to: from then on; 0 for none
	for name, test := range map[string]struct {
		moves []move
		want  time.Duration
	}{
		"past":                      {[]move{{0, -time.Hour}}, 0},
		"near":                      {[]move{{0, 7 * time.Millisecond}}, 7 * time.Millisecond},
		"as far as is near":         {[]move{{0, near}}, near},
		"far":                       {[]move{{0, 10*time.Second + 7}}, 10*time.Second + 7},
		"very far":                  {[]move{{0, time.Hour}}, time.Hour},
		"far, then near":            {[]move{{0, time.Hour}, {time.Minute, time.Second}}, time.Minute + time.Second},
		"far, then past":            {[]move{{0, time.Hour}, {time.Minute, -time.Second}}, time.Minute},
		"far, then none, then near": {[]move{{0, 10 * time.Second}, {5 * time.Second, 0}, {time.Minute, time.Second}}, time.Minute + time.Second},
		"near, then far":            {[]move{{0, 2 * time.Second}, {time.Second, time.Minute}}, time.Minute + time.Second},
		"near after a sweep, then far": {
			[]move{{0, 10 * time.Second}, {9500 * time.Millisecond, 20 * time.Second}}, 29500 * time.Millisecond,
		},
		"near after a sweep, then none, then far": {
			[]move{{0, 10 * time.Second}, {9500 * time.Millisecond, 0}, {time.Minute, 20 * time.Second}}, 80 * time.Second,
		},
		"between two sweeps": {[]move{{700 * time.Millisecond, 4100 * time.Millisecond}}, 4800 * time.Millisecond},
	} {
		for _, kind := range []string{"read", "write", "both"} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					conn, _ := accepted(t)
					set, use := conn.SetReadDeadline, conn.Read
					switch kind {
					case "write":
						set, use = conn.SetWriteDeadline, conn.Write
					case "both":
						set = conn.SetDeadline
					}
					start := time.Now()
					for _, m := range test.moves {
						time.AfterFunc(m.at, func() {
							until := time.Time{}
							if m.to != 0 {
								until = time.Now().Add(m.to)
							}
							if err := set(until); err != nil {
								t.Error(err)
							}
						})
					}
					_, err := use(make([]byte, 1))
					if took := time.Since(start); took != test.want || !errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("got %v after %v, want a timeout after %v", err, took, test.want)
					}
				})
			})
		}
	}
}

// A deadline that has passed is none any more when it is moved: net/http ends a read
// that way, and reads on.
func TestDeadlineAfterPast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn, _ := accepted(t)
		for _, next := range []time.Duration{0, time.Second, time.Hour} {
			_ = conn.SetReadDeadline(time.Unix(1, 0))
			if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("got %v, want a timeout", err)
			}
			until, want := time.Time{}, 2*time.Hour
			if next > 0 {
				until, want = time.Now().Add(next), next
			}
			_ = conn.SetReadDeadline(until)
			stop := time.AfterFunc(2*time.Hour, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
			start := time.Now()
			_, _ = conn.Read(make([]byte, 1))
			if took := time.Since(start); took != want {
				t.Errorf("%v: the read ended after %v, want %v", next, took, want)
			}
			stop.Stop()
		}
	})
}

// What a request sets costs its connection nothing, where it ends in time.
func TestFarDeadlinesAreNotTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn, counted := accepted(t)
		for range 100 {
			for _, far := range []time.Duration{10 * time.Second, time.Minute, 2 * time.Minute} {
				_ = conn.SetReadDeadline(time.Now().Add(far))
				_ = conn.SetWriteDeadline(time.Now().Add(far))
			}
			time.Sleep(700 * time.Millisecond) //nolint:forbidigo // The time of the bubble.
			_ = conn.SetReadDeadline(time.Time{})
		}
		if times := counted.times.Load(); times != 0 {
			t.Errorf("the connection was told %d times of deadlines that were far away", times)
		}
	})
}
