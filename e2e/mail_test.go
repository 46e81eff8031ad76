package e2e

import (
	"bufio"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// Alertmanager of the compose file sends a page and a ticket as mail, and what is for
// nobody to nobody.
func TestComposeMailsAlerts(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	mailbox := &mailbox{}
	alertmanager := newContainer(t, compose(t).Services["alertmanager"], "127.0.0.1:9093", address, ":9093", address,
		"mail:1025", mailbox.serve(t), "group_wait: 30s", "group_wait: 200ms")
	alertmanager.programs["wget"] = "wget"
	alertmanager.run(t, "", append([]string{"alertmanager"}, alertmanager.service.Command...)...)
	status, _, body, err := exchange(t, http.MethodPost, "http://"+address+"/api/v2/alerts", fmt.Appendf(nil, `[
		{"labels":{"alertname":"DSPyOutage","severity":"critical"},"endsAt":%[1]q},
		{"labels":{"alertname":"DSPyLowCacheHitRate","severity":"warning"},"endsAt":%[1]q},
		{"labels":{"alertname":"DSPyPagedLately","severity":"info"},"endsAt":%[1]q}]`, time.Now().Add(time.Hour).Format(time.RFC3339)))
	if err != nil || status != http.StatusOK {
		t.Fatalf("status %d, %v: %s", status, err, body)
	}
	until(t, alertmanager.process, func() error {
		mails := mailbox.mails()
		for _, want := range [][2]string{{"<pages@example.com>", "DSPyOutage"}, {"<tickets@example.com>", "DSPyLowCacheHitRate"}} {
			if !strings.Contains(mails[want[0]], want[1]) {
				return fmt.Errorf("no mail to %s about %s", want[0], want[1])
			}
		}
		return nil
	})
	if mails := mailbox.mails(); len(mails) != 2 {
		t.Errorf("got mail for %d addresses, want 2", len(mails))
	}
}

// mailbox takes mail by SMTP (RFC 5321), as far as Alertmanager speaks it.
type mailbox struct {
	mu  sync.Mutex
	got map[string]string // by recipient
}

func (m *mailbox) mails() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.got)
}

// serve returns the address, at which it listens until the test ends.
func (m *mailbox) serve(t *testing.T) string {
	t.Helper()
	m.got = map[string]string{}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // the test has ended
			}
			go m.take(conn)
		}
	}()
	return listener.Addr().String()
}

func (m *mailbox) take(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	say := func(line string) { _, _ = fmt.Fprintf(conn, "%s\r\n", line) }
	say("220 ready")
	var to string
	for lines.Scan() {
		switch line := lines.Text(); {
		case strings.HasPrefix(line, "RCPT TO:"):
			to = strings.TrimPrefix(line, "RCPT TO:")
			say("250 ok")
		case line == "DATA":
			say("354 go on")
			var text strings.Builder
			for lines.Scan() && lines.Text() != "." {
				text.WriteString(lines.Text() + "\n")
			}
			m.mu.Lock()
			m.got[to] += text.String()
			m.mu.Unlock()
			say("250 ok")
		case line == "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}
