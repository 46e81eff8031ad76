package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/internal/difference"
	promclient "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// TestSamePage serves the same orders with either provider: the pages are the same to the byte, as text and as OpenMetrics.
func TestSamePage(t *testing.T) {
	t.Parallel()
	for _, accept := range []string{"text/plain;version=0.0.4", "application/openmetrics-text;version=1.0.0"} {
		var pages []string
		for _, make := range []func(*promclient.Registry) (provider, error){newSDKProvider, newProvider} {
			registry := promclient.NewRegistry()
			provider, err := make(registry)
			if err != nil {
				t.Fatal(err)
			}
			now := time.Unix(1_700_000_000, 0)
			clock := func() time.Time { now = now.Add(5 * time.Millisecond); return now }
			s, err := newService(provider.Meter("example.com/shop"), clock)
			if err != nil {
				t.Fatal(err)
			}
			for _, query := range []string{"value=25", "value=7", "", "value=250", "value=-1", "value=25"} {
				s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/order?"+query, http.NoBody))
			}
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
			request.Header.Set("Accept", accept)
			response := httptest.NewRecorder()
			promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}).ServeHTTP(response, request)
			pages = append(pages, response.Body.String())
		}
		if diff := difference.Of(pages[0], pages[1]); diff != "" {
			t.Errorf("%s (-SDK +bound):\n%s", accept, diff)
		}
		for _, want := range []string{`shop_orders_total{otel_scope_name="example.com/shop"`, `shop_order_value_EUR_bucket`, "shop_open_seconds", "shop_orders_waiting"} {
			if !strings.Contains(pages[1], want) {
				t.Errorf("no %q in:\n%s", want, pages[1])
			}
		}
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	address, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- run(ctx, "127.0.0.1:0", func(a net.Addr) { address <- "http://" + a.String() })
	}()
	var base string
	select {
	case base = <-address:
	case err := <-done:
		t.Fatal(err)
	}
	do(t, http.MethodPost, base+"/order?value=25", http.StatusAccepted)
	do(t, http.MethodPost, base+"/order?value=free", http.StatusBadRequest)
	page := do(t, http.MethodGet, base+"/metrics", http.StatusOK)
	for _, line := range []string{`status="accepted"} 1`, `status="rejected"} 1`} {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("no line with %q in:\n%s", line, page)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func do(t *testing.T, method, url string, status int) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != status {
		t.Fatalf("%s %s: got %d, error %v:\n%s", method, url, response.StatusCode, err, body)
	}
	return string(body)
}
