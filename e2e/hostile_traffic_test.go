package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
)

// ownLabels is a contract with two labels that clients choose.
const ownLabels = `
own_labels:
  tenant:
    description: Who asks
    budget: 16
  team:
    description: Whose budget it is
    budget: 16
`

// hostileService is a service whose clients choose whatever they can choose, in front of a
// program whose answers are as hostile.
func hostileService(t *testing.T, flags ...string) *service {
	t.Helper()
	var answers atomic.Int64
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		n := answers.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("DSPy-Cache", fmt.Sprint("hit ", n))
		w.Header().Set("DSPy-Input-Tokens", fmt.Sprint(n, "x"))
		w.Header().Set(fmt.Sprint("DSPy-", n), "1")
		failed := "null"
		switch n % 1000 {
		case 0, 4, 8: // few, as each is a line in the log
			failed = fmt.Sprintf(`{"type":"error %d"}`, n)
		default:
			w.WriteHeader(200 + int(n%100))
		}
		_, _ = fmt.Fprintf(w, `{"usage":{"provider%d/model%d":{"prompt_tokens":1,"tokens%d":1}},"model":"model%d","error":%s}`, n, n, n, n, failed)
	}))
	t.Cleanup(program.Close)
	contract := filepath.Join(t.TempDir(), "contract.yaml")
	if err := os.WriteFile(contract, []byte(ownLabels), 0o600); err != nil {
		t.Fatal(err)
	}
	return serve(t, append(flags, "--upstream", program.URL, "--contract", contract, "--genai", "both", "--cache", "off",
		"--label", "tenant=header:X-Tenant", "--label", "team=field:team", "--route", "/predict", "--route", "GET /any/{value...}")...)
}

// hostileRequest has values that no other has wherever a client can have one.
func hostileRequest(t *testing.T, url string, i int) *http.Request {
	t.Helper()
	method, path := http.MethodPost, "/predict"
	switch i % 8 {
	case 5:
		method = fmt.Sprint("METHOD-", i)
	case 6:
		path = fmt.Sprint("/path/", i)
	case 7:
		method, path = http.MethodGet, fmt.Sprint("/any/", i)
	}
	body := fmt.Sprintf(`{"prediction_type":"field %d","team":"team %d","model":"provider%d/model%d","%d":1}`, i, i, i, i, i)
	request, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if i%2 == 0 {
		request.Header.Set("X-Prediction-Type", fmt.Sprint("header ", i))
	}
	request.Header.Set("X-Tenant", fmt.Sprint("tenant ", i))
	request.Header.Set("User-Agent", fmt.Sprint("agent ", i))
	request.Header.Set(fmt.Sprint("X-", i), "1")
	request.Host = fmt.Sprint("host", i)
	return request
}

// value returns the one sample of a metric of the process.
func value(samples model.Vector, name string) float64 { return total(samples, name, nil) }

// A hundred thousand requests over few connections, each with values that no
// other has, answered by a program that does the same: every request is counted,
// labels stay within their budgets and memory does not grow.
func TestHostileTraffic(t *testing.T) {
	t.Parallel()
	const requests, clients = 100_000, 4
	s := hostileService(t)
	url := "http://" + s.address
	send := func(from, to int) {
		var sending sync.WaitGroup
		for client := range clients {
			sending.Go(func() {
				connection := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
				defer connection.CloseIdleConnections()
				for i := from + client; i < to; i += clients {
					response, err := connection.Do(hostileRequest(t, url, i))
					if err != nil {
						t.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
				}
			})
		}
		sending.Wait()
	}
	memory := func() float64 { return value(s.samples(t), "process_resident_memory_bytes") / (1 << 20) }
	send(0, requests/10) // until every budget is spent
	before := memory()
	send(requests/10, requests)
	after := memory()

	until(t, s.process, func() error { return s.idle(t) })
	samples := s.samples(t)
	if got := value(samples, "dspy_api_latency_seconds_count"); got != requests {
		t.Errorf("got %v requests, want %d", got, requests)
	}
	// Each refused request is an error, and so is each failed prediction.
	predictions, failed := value(samples, "dspy_predictions_total"), total(samples, "dspy_predictions_total", model.LabelSet{"status": "failure"})
	if refused := value(samples, "dspy_errors_total") - failed; predictions+refused != requests || refused != requests/4 {
		t.Errorf("got %v predictions and %v refused requests, want %d together", predictions, refused, requests)
	}
	read := wantOneReading(t, s.savePage(t))
	for label, budget := range map[string]int{
		"prediction_type": 32, "tenant": 16, "team": 16, "method": 9, "status_code": 32, "error_type": 32, "endpoint": 64, "cache_type": 8,
		"token_type": 5, "gen_ai_request_model": 64, "gen_ai_response_model": 64, "gen_ai_provider_name": 32,
	} {
		if got := len(read.Labels[label]); got > budget+2 {
			t.Errorf("got %d values of %s, want at most %d", got, label, budget+2)
		}
	}
	t.Logf("%d requests: %.0f MiB resident after a tenth of them, %.0f MiB after all; %d series; %d bytes logged",
		requests, before, after, read.Samples, len(s.output.String()))
	if logged := len(s.output.String()); logged > 1<<20 {
		t.Errorf("got a log of %d bytes", logged)
	}
	if after > before+32 {
		t.Errorf("the service grew from %.0f to %.0f MiB, want no growth", before, after)
	}
}

// hostileValues are what a client may say, and what is shown of it. The first part is
// the JSON text of a string.
func hostileValues() map[string]string {
	var controls, every strings.Builder
	for r := rune(0); r <= 0x9f; r++ {
		if r < 0x20 || r >= 0x7f {
			fmt.Fprintf(&controls, `\u%04x`, r)
		}
	}
	for r := rune(0x20); r < 0x7f; r++ {
		fmt.Fprintf(&every, `\u%04x`, r)
	}
	return map[string]string{
		controls.String():             strings.Repeat("\ufffd", 128/3), // as many as fit
		every.String():                ` !"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_` + "`abcdefghijklmnopqrstuvwxyz{|}~",
		`\"`:                          `"`,
		`\\`:                          `\`,
		`\\n`:                         `\n`,
		`a\nb`:                        "a\ufffdb",
		`a\u0000b\r\n`:                "a\ufffdb\ufffd\ufffd",
		`\"} 1\nevil 1\n# EOF\n`:      "\"} 1\ufffdevil 1\ufffd# EOF\ufffd",
		`# EOF`:                       "# EOF",
		`\ud800 alone`:                "\ufffd alone",
		`\udfff\ud800`:                "\ufffd\ufffd",
		`\ud83d\ude00`:                "😀",
		"\xff\xfe bytes":              "\ufffd\ufffd bytes",
		"\xed\xa0\x80 encoded":        "\ufffd\ufffd\ufffd encoded",
		`\u202eesrever\u202c`:         "\u202eesrever\u202c",
		`\u2066isolated\u2069`:        "\u2066isolated\u2069",
		`\u2028\u2029\ufeff`:          "\u2028\u2029\ufeff",
		`\uffff\ufffe`:                "\uffff\ufffe",
		`日本語`:                         "日本語",
		`  blanks  `:                  "  blanks  ",
		`\t`:                          "unknown",
		strings.Repeat("x", 1<<20):    strings.Repeat("x", 128),
		strings.Repeat("é", 1<<19):    strings.Repeat("é", 64),
		`{a=\"b\",__name__=\"evil\"}`: `{a="b",__name__="evil"}`,
	}
}

// What clients say goes into Prometheus and out again as itself, or as what
// stands for it.
func TestHostileValuesReachPrometheus(t *testing.T) {
	t.Parallel()
	s := hostileService(t, "--max-body-bytes", "4194304")
	p := scrape(t, s.address)
	var want []string
	for said, shown := range hostileValues() {
		body := `{"prediction_type":"` + said + `"}`
		status, _, answer, err := exchange(t, http.MethodPost, "http://"+s.address+"/predict", []byte(body))
		if err != nil || status >= 500 {
			t.Fatalf("%.100q: status %d, %v: %s", body, status, err, answer)
		}
		want = append(want, shown)
	}
	// A header can have what a JSON string cannot, and the other way around.
	for said, shown := range map[string]string{"\xff\x80 in a header": "\ufffd\ufffd in a header", "a\tb in a header": "a\ufffdb in a header"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.address+"/predict", bytes.NewReader(nil))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Prediction-Type", said)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		want = append(want, shown)
	}
	slices.Sort(want)
	read := wantOneReading(t, s.savePage(t))
	for _, shown := range want {
		if !slices.Contains(read.Labels["prediction_type"], shown) {
			t.Errorf("the page has no prediction type %q", shown)
		}
	}
	until(t, p.process, func() error {
		stored, err := p.query(t, `sum by (prediction_type) (dspy_predictions_total) > 0`)
		if err != nil {
			return err
		}
		var got []string
		for _, sample := range stored {
			got = append(got, string(sample.Metric["prediction_type"]))
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			return errors.New("what is stored differs (-said +stored):\n" + diff)
		}
		return nil
	})
	// A scrape takes a page as a whole, or nothing of it.
	until(t, p.process, func() error { return p.count(t, "up", 1) })
}
