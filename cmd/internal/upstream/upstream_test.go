package upstream

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
)

// A service that can speak HTTP/2 does, with all that is around an answer.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Proto", r.Proto)
		_, _ = io.WriteString(w, "data: [DONE]\n\n")
		w.Header().Set(http.TrailerPrefix+"X-Sum", "4")
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	u, err := New(Config{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	trusting, _ := server.Client().Transport.(*http.Transport)
	own, _ := u.transport.(*http.Transport)
	own.TLSClientConfig = trusting.TLSClientConfig.Clone()
	own.TLSClientConfig.NextProtos = nil
	t.Cleanup(own.CloseIdleConnections)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/predict", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := u.Predict(new(service.Call), r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || string(body) != "data: [DONE]\n\n" || response.Header.Get("X-Proto") != "HTTP/2.0" || response.Trailer.Get("X-Sum") != "4" {
		t.Errorf("got %q, %v, %v, trailer %v", body, err, response.Header, response.Trailer)
	}
}
