package service

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/http/httpguts"
)

// keyVersion sets the keys of this version apart from those that are made in
// another way.
const keyVersion = "2"

// keys makes the keys of answers. A key holds everything that a program can see of
// a request: two requests have one key only if the program gets the same bytes, but
// for a few headers that cannot change an answer.
type keys struct {
	namespace [sha256.Size]byte // whose answers they are, as a digest
	ignored   map[string]bool
}

// ignored are request headers that are left out of the key, and why they cannot change
// an answer. docs/cache.md has the same table.
type ignored struct {
	reason string
	names  []string
}

// ignoredHeaders returns all of them. Every other header is in the key, whether anyone
// knows of it or not.
func ignoredHeaders() []ignored {
	return []ignored{
		{
			"They are of one connection and do not reach the program (RFC 9110 §7.6.1), as what is named in `Connection` does not.",
			[]string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"},
		},
		{
			"They say how the body is sent, and the body is in the key.",
			[]string{"Content-Length", "Expect"},
		},
		{
			"The cache obeys them. Directives that it does not know are in the key.",
			[]string{"Cache-Control", "Pragma"},
		},
		{
			"They name the time, and the proxies on the way.",
			[]string{"Date", "Via"},
		},
		{
			"They name one attempt in traces and logs. `Baggage` is not among them: it has values of the user's own.",
			[]string{
				"Traceparent", "Tracestate", "B3", "X-B3-Traceid", "X-B3-Spanid", "X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Flags",
				"Uber-Trace-Id", "X-Request-Id", "X-Correlation-Id", "X-Cloud-Trace-Context", "X-Amzn-Trace-Id", "Sentry-Trace",
				"X-Datadog-Trace-Id", "X-Datadog-Parent-Id", "X-Datadog-Sampling-Priority", "X-Datadog-Tags",
			},
		},
		{
			"They name the software of the client, and say how often and how long it tries.",
			[]string{
				"User-Agent", "X-Stainless-Lang", "X-Stainless-Package-Version", "X-Stainless-Os", "X-Stainless-Arch", "X-Stainless-Runtime",
				"X-Stainless-Runtime-Version", "X-Stainless-Async", "X-Stainless-Retry-Count", "X-Stainless-Timeout", "X-Stainless-Read-Timeout",
			},
		},
	}
}

// addressHeaders are the headers that contain the addresses of a request, one for
// each proxy. The cache key ignores a header only if it contains nothing but IP
// addresses, because any other value may identify a user.
func addressHeaders() []string {
	return []string{"X-Forwarded-For", "X-Real-Ip", "True-Client-Ip", "Cf-Connecting-Ip"}
}

// newKeys returns the keys of a cache. The headers to ignore are those of the
// configuration, beside the usual ones; what labels and the type are read from is
// never ignored.
func newKeys(c Config) (*keys, error) {
	told := []string{http.CanonicalHeaderKey(c.TypeHeader)}
	for _, label := range c.Labels {
		told = append(told, http.CanonicalHeaderKey(label.Header))
	}
	k := &keys{ignored: make(map[string]bool)}
	namespace := sha256.New()
	list(namespace, c.Caching.Namespace)
	namespace.Sum(k.namespace[:0])
	for _, row := range ignoredHeaders() {
		for _, name := range row.names {
			k.ignored[name] = !slices.Contains(told, name)
		}
	}
	for _, name := range c.Caching.IgnoreHeaders {
		name = strings.TrimSpace(name)
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			return nil, fmt.Errorf("--cache-ignore-header %q is not the name of a header", name)
		case canonical == "Authorization", canonical == "Cookie":
			return nil, fmt.Errorf("--cache-ignore-header %q: without this header, users would get the answers of others", name)
		case slices.Contains(told, canonical):
			return nil, fmt.Errorf("--cache-ignore-header %q: it cannot be ignored, because a label or the prediction type is read from it", name)
		}
		k.ignored[canonical] = true
	}
	return k, nil
}

// of returns the key of a request, as it goes to the program, with what the program
// may make of its Cache-Control.
func (k *keys) of(e *exchange, r *http.Request, directives []string) string {
	sum := sha256.New()
	part(sum, keyVersion)
	_, _ = sum.Write(k.namespace[:])
	part(sum, r.Method)
	part(sum, r.Host)
	part(sum, r.URL.Scheme)
	part(sum, r.URL.Host)
	part(sum, r.URL.RequestURI())
	part(sum, string(e.Type))
	part(sum, string(e.Body))
	list(sum, directives)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		values := r.Header[name]
		if k.ignored[name] || len(values) == 0 || isAddresses(name, values) {
			continue
		}
		part(sum, name)
		list(sum, values)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// isAddresses reports whether a header says nothing but which addresses the request
// came from.
func isAddresses(name string, values []string) bool {
	if !slices.Contains(addressHeaders(), name) {
		return false
	}
	for _, value := range values {
		for address := range strings.SplitSeq(value, ",") {
			address = strings.TrimFunc(address, unicode.IsSpace)
			if !isAddress(address) {
				return false
			}
		}
	}
	return true
}

// isAddress reports whether a text is an IP address, with or without a port. A zone
// can be any word.
func isAddress(text string) bool {
	address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		return err == nil && withPort.Addr().Zone() == ""
	}
	return address.Zone() == ""
}

// varies reports whether an answer depends on headers that are not in the key, as
// far as it says so (RFC 9110 §12.5.5).
func (k *keys) varies(answer http.Header) bool {
	for _, field := range answer.Values("Vary") {
		for name := range strings.SplitSeq(field, ",") {
			name = http.CanonicalHeaderKey(strings.TrimSpace(name))
			if name == "*" || k.ignored[name] || slices.Contains(addressHeaders(), name) {
				return true
			}
		}
	}
	return false
}

// list adds texts with their count, so that no two lists of lists are one.
func list(sum hash.Hash, texts []string) {
	count(sum, len(texts))
	for _, text := range texts {
		part(sum, text)
	}
}

// part adds a text with its length, so that no two lists of texts are one.
func part(sum hash.Hash, text string) {
	count(sum, len(text))
	_, _ = io.WriteString(sum, text)
}

func count(sum hash.Hash, n int) {
	var bytes [8]byte
	binary.LittleEndian.PutUint64(bytes[:], uint64(n)) //nolint:gosec // A length.
	_, _ = sum.Write(bytes[:])
}
