package service_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
)

// Requests that differ in a header share an answer only if the header is known not to
// change it. No list of what keeps users apart is needed: anything does.
func TestHeadersOfTheKey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first, second http.Header
		shared        bool
	}{
		"user of a proxy":       {http.Header{"X-Forwarded-User": {"a"}}, http.Header{"X-Forwarded-User": {"b"}}, false},
		"Cloudflare's user":     {http.Header{"Cf-Access-Jwt-Assertion": {"a"}}, http.Header{"Cf-Access-Jwt-Assertion": {"b"}}, false},
		"Azure's subscription":  {http.Header{"Ocp-Apim-Subscription-Key": {"a"}}, http.Header{"Ocp-Apim-Subscription-Key": {"b"}}, false},
		"Tailscale's user":      {http.Header{"Tailscale-User-Login": {"a"}}, http.Header{"Tailscale-User-Login": {"b"}}, false},
		"organization":          {http.Header{"Openai-Organization": {"a"}}, http.Header{"Openai-Organization": {"b"}}, false},
		"what nobody knows":     {http.Header{"X-Whatever-Comes-Next": {"a"}}, http.Header{"X-Whatever-Comes-Next": {"b"}}, false},
		"a user or none":        {http.Header{"X-Forwarded-User": {"a"}}, nil, false},
		"none or a user":        {nil, http.Header{"X-Forwarded-User": {"a"}}, false},
		"none or an empty one":  {nil, http.Header{"X-User": {""}}, false},
		"case of a value":       {http.Header{"X-User": {"a"}}, http.Header{"X-User": {"A"}}, false},
		"order of values":       {http.Header{"X-User": {"a", "b"}}, http.Header{"X-User": {"b", "a"}}, false},
		"a value twice":         {http.Header{"X-User": {"a"}}, http.Header{"X-User": {"a", "a"}}, false},
		"values joined":         {http.Header{"X-User": {"a", "b"}}, http.Header{"X-User": {"a, b"}}, false},
		"value of another name": {http.Header{"X-A": {"b"}}, http.Header{"X-B": {"a"}}, false},
		"names moved":           {http.Header{"X-A": {"X-B", "c"}}, http.Header{"X-A": nil, "X-B": {"X-A", "c"}}, false},
		"baggage":               {http.Header{"Baggage": {"user.id=a"}}, http.Header{"Baggage": {"user.id=b"}}, false},
		"Idempotency-Key":       {http.Header{"Idempotency-Key": {"a"}}, http.Header{"Idempotency-Key": {"b"}}, false},
		"Accept-Encoding":       {http.Header{"Accept-Encoding": {"gzip"}}, http.Header{"Accept-Encoding": {"br"}}, false},
		"Origin":                {http.Header{"Origin": {"https://a"}}, http.Header{"Origin": {"https://b"}}, false},
		"unknown to SDKs":       {http.Header{"X-Stainless-User": {"a"}}, http.Header{"X-Stainless-User": {"b"}}, false},
		"unknown directive":     {http.Header{"Cache-Control": {"tenant=a"}}, http.Header{"Cache-Control": {"tenant=b"}}, false},
		"unknown Pragma":        {http.Header{"Pragma": {"tenant=a"}}, http.Header{"Pragma": {"tenant=b"}}, false},
		"forwarded for a name":  {http.Header{"X-Forwarded-For": {"alice"}}, http.Header{"X-Forwarded-For": {"bob"}}, false},
		"a name among them":     {http.Header{"X-Forwarded-For": {"10.0.0.1, _alice"}}, http.Header{"X-Forwarded-For": {"10.0.0.1, _bob"}}, false},
		"a name as a zone":      {http.Header{"X-Real-Ip": {"fe80::1%alice"}}, http.Header{"X-Real-Ip": {"fe80::1%bob"}}, false},
		"forwarded by":          {http.Header{"X-Forwarded-Server": {"a"}}, http.Header{"X-Forwarded-Server": {"b"}}, false},
		"a label's header":      {http.Header{"User-Agent": {"a"}, "X-Request-Id": {"a"}}, http.Header{"User-Agent": {"a"}, "X-Request-Id": {"b"}}, false},
		"named in Connection":   {http.Header{"X-User": {"a"}}, http.Header{"X-User": {"a"}, "Connection": {"X-User"}}, false},

		"forwarded for":           {http.Header{"X-Forwarded-For": {"10.0.0.1"}}, http.Header{"X-Forwarded-For": {"10.0.0.2, [::1]:80", "1.2.3.4:5"}}, true},
		"real address":            {http.Header{"X-Real-Ip": {"10.0.0.1"}}, http.Header{"X-Real-Ip": {"::1"}}, true},
		"trace":                   {http.Header{"Traceparent": {"a"}, "Tracestate": {"a"}}, http.Header{"Traceparent": {"b"}}, true},
		"trace of Zipkin":         {http.Header{"X-B3-Traceid": {"a"}, "X-B3-Sampled": {"1"}, "B3": {"a"}}, nil, true},
		"trace of Jaeger":         {http.Header{"Uber-Trace-Id": {"a"}}, http.Header{"Uber-Trace-Id": {"b"}}, true},
		"correlation":             {http.Header{"X-Correlation-Id": {"a"}}, http.Header{"X-Correlation-Id": {"b"}}, true},
		"agent":                   {http.Header{"User-Agent": {"a"}}, http.Header{"User-Agent": {"b"}}, true},
		"attempt of an SDK":       {http.Header{"X-Stainless-Retry-Count": {"0"}}, http.Header{"X-Stainless-Retry-Count": {"1"}}, true},
		"when and on which way":   {http.Header{"Date": {"a"}, "Via": {"1.1 a"}}, http.Header{"Date": {"b"}, "Via": {"1.1 b"}}, true},
		"of the connection":       {http.Header{"Te": {"trailers"}, "Keep-Alive": {"timeout=5"}}, http.Header{"Connection": {"keep-alive, X-Hop"}, "X-Hop": {"a"}}, true},
		"what the cache obeys":    {nil, http.Header{"Cache-Control": {"max-age=60, max-stale=5, min-fresh=1"}}, true},
		"what is to be ignored":   {http.Header{"X-Experiment": {"a"}}, http.Header{"X-Experiment": {"b"}}, true},
		"ignored, as it is asked": {http.Header{"X-Experiment": {"a"}}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var made atomic.Int64
			url := behind(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, made.Add(1)) }, func(c *service.Config) {
				cached(c)
				c.Caching.IgnoreHeaders = []string{"x-experiment"}
				if strings.Contains(name, "label") {
					c.Labels = []service.Label{{Key: "id", Header: "x-request-id"}}
				}
			})
			first, _ := ask(t, url+"/predict", test.first, &made)
			second, hit := ask(t, url+"/predict", test.second, &made)
			if hit != test.shared {
				t.Errorf("got %q, then %q: shared %t, want %t", first, second, hit, test.shared)
			}
			if _, again := ask(t, url+"/predict", test.second, &made); !again {
				t.Error("the same request again was not answered from the cache")
			}
		})
	}
}

// Services that share a cache share no answer, unless they are replicas.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	shared := new(memory)
	var made atomic.Int64
	program := func(w http.ResponseWriter, r *http.Request) {
		user, _, _ := r.BasicAuth()
		_, _ = fmt.Fprintf(w, "%d %s %s", made.Add(1), r.Host, user)
	}
	on := func(namespace ...string) func(*service.Config) {
		return func(c *service.Config) {
			cached(c)
			c.Cache, c.Caching.Namespace = shared, namespace
		}
	}
	one := serving(t, program)
	services := map[string]string{
		"one program":         front(t, one, on("a", "qa")),
		"another program":     behind(t, program, on("a", "qa")),
		"another path of it":  front(t, one+"/v2", on("a", "qa")),
		"another user of it":  front(t, strings.Replace(one, "://", "://me:hunter2@", 1), on("a", "qa")),
		"another namespace":   front(t, one, on("b", "qa")),
		"another service":     front(t, one, on("a", "search")),
		"names run together":  front(t, one, on("aq", "a")),
		"names of one length": front(t, one, on("a", "q", "a")),
	}
	balanced := http.Header{"Host": {"qa.example"}} // They are asked as if they were one.
	seen := make(map[string]string)
	for name, url := range services {
		answer, _ := ask(t, url+"/predict", balanced, &made)
		if other, ok := seen[answer]; ok {
			t.Errorf("%s got the answer to %s", name, other)
		}
		seen[answer] = name
	}
	replica := front(t, one, on("a", "qa"))
	if got, hit := ask(t, replica+"/predict", balanced, &made); !hit || seen[got] != "one program" {
		t.Errorf("a replica got %q, want what the other one has", got)
	}
}

func TestIgnoreHeadersAreChecked(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"authorization": "the answers of others", "Cookie": "the answers of others",
		"x-prediction-type": "is read from it", "X-Tenant": "is read from it",
		"": "not the name of a header", "a b": "not the name of a header", "a:": "not the name of a header",
	} {
		c := config(nil, &scripted{t: t})
		cached(&c)
		c.Labels = []service.Label{{Key: "tenant", Header: "x-tenant"}}
		c.Caching.IgnoreHeaders = []string{"X-Fine", name}
		_, err := service.New(c)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), fmt.Sprintf("%q", name)) {
			t.Errorf("%q: got %v, want an error that says %q", name, err, want)
		}
	}
}

// The documentation has the table of the code.
func TestIgnoredHeadersAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/cache.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := service.IgnoredHeaders()
	rows["They name the addresses that the request came from. Where a value is anything but an IP address, it is in the key."] = service.AddressHeaders()
	count := 0
	for reason, names := range rows {
		row := fmt.Sprintf("| `%s` | %s |\n", strings.Join(names, "`, `"), reason)
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/cache.md has no row %s", row)
		}
		count++
	}
	if got := strings.Count(string(page), "| They ") + strings.Count(string(page), "| The cache obeys"); got != count {
		t.Errorf("docs/cache.md has %d rows, want %d", got, count)
	}
}
