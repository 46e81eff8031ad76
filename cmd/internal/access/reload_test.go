package access_test

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// connecting has clients connect again and again until the returned function is
// called, which returns how often they did and what the last failure was.
func connecting(t *testing.T, p *protected, c client, statuses ...int) (stop func() (int64, error)) {
	t.Helper()
	var connections atomic.Int64
	var failure atomic.Pointer[error]
	var clients sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				status, answer, err := c.get(t, p)
				if err == nil && status != statuses[0] {
					err = &unexpected{status, answer}
				}
				if err != nil {
					failure.Store(&err)
				}
				connections.Add(1)
			}
		})
	}
	return func() (int64, error) {
		close(done)
		clients.Wait()
		if err := failure.Load(); err != nil {
			return connections.Load(), *err
		}
		return connections.Load(), nil
	}
}

type unexpected struct {
	status int
	answer string
}

func (u *unexpected) Error() string { return "status " + strings.TrimSpace(u.answer) }

// Certificates that are written over while clients connect, first one file and
// then the other, fail no handshake.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	p := serve(t, mutualTLS)
	known := p.people.Issue(t, "known", time.Now().Add(time.Hour))
	stop := connecting(t, p, client{user: "prometheus", password: password, certificate: &known}, 200)
	const rotations = 30
	for range rotations {
		p.servers.Issue(t, "server", time.Now().Add(time.Hour))
		p.configure(t, mutualTLS)
	}
	if connections, err := stop(); err != nil {
		t.Errorf("one of %d connections during %d rotations failed: %v", connections, rotations, err)
	} else {
		t.Logf("%d connections during %d rotations", connections, rotations)
	}
}

// A pair of files that does not belong together, or is gone, leaves the last one
// in use; what the files say of clients holds all the same.
func TestUnreadableCertificate(t *testing.T) {
	t.Parallel()
	p := serve(t, mutualTLS)
	known := p.people.Issue(t, "known", time.Now().Add(time.Hour))
	c := client{user: "prometheus", password: password, certificate: &known}
	want := func(what string, status int) {
		t.Helper()
		if got, _, err := c.get(t, p); got != status {
			t.Errorf("%s: got status %d, %v, want %d", what, got, err, status)
		}
	}
	want("at first", 200)
	dir := filepath.Dir(p.file)
	if err := os.WriteFile(filepath.Join(dir, "server.key"), []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	want("broken key", 200)
	if err := os.Remove(filepath.Join(dir, "server.crt")); err != nil {
		t.Fatal(err)
	}
	want("no certificate", 200)
	if got := strings.Count(p.log.String(), "the previous one stays in use"); got != 1 {
		t.Errorf("%d warnings, want 1:\n%s", got, p.log.String())
	}
	if err := os.WriteFile(filepath.Join(dir, "people.crt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	want("no authority", 0)
	p.servers.Issue(t, "server", time.Now().Add(time.Hour))
	want("mended, but for the authority", 0)
}

// While the web config file is written over, nobody comes in without a password,
// and nobody with one is refused.
func TestRewriteUnderLoad(t *testing.T) {
	t.Parallel()
	p := serve(t, passwords)
	with := connecting(t, p, client{scheme: "http", user: "prometheus", password: password}, 200)
	without := connecting(t, p, client{scheme: "http"}, 401)
	for range 200 {
		p.configure(t, passwords)
	}
	if connections, err := with(); err != nil {
		t.Errorf("with a password, one of %d: %v", connections, err)
	}
	if connections, err := without(); err != nil {
		t.Errorf("without a password, one of %d: %v", connections, err)
	}
}

// Wrong passwords are not compared without end, and right ones come in meanwhile.
func TestGuesses(t *testing.T) {
	t.Parallel()
	p := serve(t, passwords)
	get := func(password string) int {
		t.Helper()
		status, _, err := client{scheme: "http", user: "prometheus", password: password}.get(t, p)
		if err != nil {
			t.Fatal(err)
		}
		return status
	}
	if got := get(password); got != 200 {
		t.Fatalf("got status %d", got)
	}
	for i := range 15 {
		want := 401
		if i >= 10 {
			want = 429
		}
		if got := get("guess"); got != want {
			t.Errorf("guess %d: got status %d, want %d", i, got, want)
		}
	}
	if got := get(password); got != 200 {
		t.Errorf("the right password: got status %d", got)
	}
	p.metrics.Want(t, counted("unauthorized", 15))
}

// A session is resumed: a handshake does not cost a signature each time.
func TestResumption(t *testing.T) {
	t.Parallel()
	p := serve(t, "tls_server_config: {cert_file: server.crt, key_file: server.key}")
	sessions := tls.NewLRUClientSessionCache(1)
	for i, want := range []bool{false, true} {
		dialer := tls.Dialer{Config: &tls.Config{RootCAs: p.servers.Pool, ClientSessionCache: sessions, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12}}
		conn, err := dialer.DialContext(t.Context(), "tcp", p.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if got := conn.(*tls.Conn).ConnectionState().DidResume; got != want {
			t.Errorf("connection %d: resumed %t, want %t", i, got, want)
		}
		conn.Close()
	}
}
