package upstream_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/upstream"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// nameserver answers all questions with 127.0.0.1, or fails.
type nameserver struct {
	net.PacketConn
	fails atomic.Bool
}

func (n *nameserver) serve() {
	buffer := make([]byte, 1500)
	for {
		size, from, err := n.ReadFrom(buffer)
		if err != nil {
			return
		}
		var message dnsmessage.Message
		if message.Unpack(buffer[:size]) != nil {
			continue
		}
		message.Response = true
		message.Additionals = nil
		switch question := message.Questions[0]; {
		case n.fails.Load():
			message.RCode = dnsmessage.RCodeServerFailure
		case question.Type == dnsmessage.TypeA:
			message.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class, TTL: 3600},
				Body:   &dnsmessage.AResource{A: netip.MustParseAddr("127.0.0.1").As4()},
			}}
		}
		if answer, err := message.Pack(); err == nil {
			_, _ = n.WriteTo(answer, from)
		}
	}
}

// TestNameServerFails has the name of the program fail to resolve, twice: each
// prediction meanwhile fails as what it is, and the next one after that succeeds.
func TestNameServerFails(t *testing.T) { //nolint:paralleltest // It changes the resolver of the process.
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	names := &nameserver{PacketConn: conn}
	defer conn.Close()
	go names.serve()
	resolver := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
	defer func() { net.DefaultResolver = resolver }()

	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close") // each prediction resolves the name
	}))
	defer program.Close()
	_, port, err := net.SplitHostPort(program.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	u, err := upstream.New(upstream.Config{URL: "http://program.example:" + port, Connections: 1, ConnectTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	for i, fails := range []bool{false, true, false, true, true, false} {
		names.fails.Store(fails)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://program.example:"+port, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := u.Predict(new(service.Call), request)
		if err == nil {
			_ = response.Body.Close()
		}
		typed, _ := errors.AsType[*otelmetrics.Error](err)
		if fails && (typed == nil || typed.Type != otelmetrics.ErrorUpstreamUnavailable) || !fails && err != nil {
			t.Errorf("prediction %d, name server fails: %t: got %v", i, fails, err)
		}
	}
}
