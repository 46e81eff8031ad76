package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/httpcache"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Cache keeps answers. It never fails: it has no answer that it cannot give. It is
// used concurrently.
type Cache interface {
	// Get gives the answer under the key to use, and reports whether use took it.
	Get(ctx context.Context, key string, use func(answer []byte) bool) bool
	// Set stores the answer for ttl at most. The caller must not change the answer
	// afterwards. Set is called while a client waits, so it must not block.
	Set(ctx context.Context, key string, answer []byte, ttl time.Duration)
}

// Caching configures what is stored in the cache, and for how long.
type Caching struct {
	// TTL is the longest that an answer is kept. It must be set if there is a cache.
	TTL time.Duration
	// Namespace sets apart the answers of services that share a cache.
	Namespace []string
	// IgnoreHeaders are request headers that cannot change an answer, beside the
	// usual ones.
	IgnoreHeaders []string
}

// caching answers from the cache, copies new answers into it as they pass, and asks
// the backend once for equal requests that are underway at the same time. It is a
// shared cache of RFC 9111 that serves nothing stale. A POST is kept as a GET is:
// predictions are asked for with it.
type caching struct {
	next    layer
	cache   Cache
	keys    *keys
	ttl     time.Duration // the longest that an answer is kept
	limit   int64         // of the body of an answer that is kept or shared
	flights flights
}

func (s *Service) newCaching(next layer) (*caching, error) {
	keys, err := newKeys(s.Config)
	if err != nil {
		return nil, err
	}
	return &caching{next: next, cache: s.Cache, keys: keys, ttl: s.Caching.TTL, limit: s.MaxAnswerBytes}, nil
}

func (c *caching) answer(e *exchange, r *http.Request) (*http.Response, error) {
	asks, err := httpcache.ParseRequest(r.Header)
	if err != nil || asks.NoStore || !cacheable(r) {
		return c.next.answer(e, r)
	}
	key := c.keys.of(e, r, asks.Unknown)
	if !asks.NoCache {
		if response := c.stored(e, r, key, asks); response != nil {
			return response, nil
		}
	}
	switch {
	case asks.OnlyIfCached:
		return notCached(e, r)
	case asks.NoCache:
		return c.alone(e, r, key, "fwd=request")
	case asksForStream(r, e.Body):
		return c.alone(e, r, key, "fwd=miss")
	default:
		return c.together(e, r, key)
	}
}

// cacheable reports whether a request can have the same answer as another one. One
// that changes something, asks for a part or for what has changed, or goes on after
// its body has an answer of its own.
func cacheable(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodPost, "QUERY":
		return !httpcache.IsConditional(r.Header) && len(r.Trailer) == 0
	default:
		return false
	}
}

// asksForStream reports whether a client wants to see its answer as it is made. It
// is not made to wait for the request of another client, and no other for its own.
func asksForStream(r *http.Request, body []byte) bool {
	for _, line := range r.Header.Values("Accept") {
		for accepted := range strings.SplitSeq(line, ",") {
			mediaType, _, _ := mime.ParseMediaType(accepted)
			if isStream(mediaType) {
				return true
			}
		}
	}
	asked := false
	gjson.ParseBytes(body).ForEach(func(name, value gjson.Result) bool { // The last one counts in Python.
		if name.Str == "stream" {
			asked = asked || value.Type != gjson.False && value.Type != gjson.Null
		}
		return true
	})
	return asked
}

// isStream reports whether a media type is one of answers that come in parts.
func isStream(mediaType string) bool {
	switch mediaType {
	case "text/event-stream", "application/vnd.amazon.eventstream",
		"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/json-seq":
		return true
	default:
		return false
	}
}

// stored returns the stored answer if there is one that the request takes.
func (c *caching) stored(e *exchange, r *http.Request, key string, asks httpcache.Request) *http.Response {
	var response *http.Response
	c.cache.Get(withRecorder(r.Context(), e.recorder), key, func(answer []byte) bool {
		found, err := decodeStored(answer)
		if err != nil {
			return false
		}
		age := found.age(time.Now())
		if !asks.Accepts(age, found.fresh.Lifetime) {
			return false
		}
		e.save(found)
		response = found.response(r, age) //nolint:bodyclose // whoever asked closes it
		setCacheStatus(response.Header, "hit")
		return true
	})
	return response
}

// notCached answers a request that takes a stored answer only, where there is none.
func notCached(e *exchange, r *http.Request) (*http.Response, error) {
	const detail = "the request contains only-if-cached, but the cache has no fresh answer"
	e.fail(&otelmetrics.Error{Type: otelmetrics.ErrorInvalidInput, Err: errors.New(detail)})
	body, err := json.Marshal(problem{
		Title: http.StatusText(http.StatusGatewayTimeout), Status: http.StatusGatewayTimeout,
		Detail: detail, ErrorType: otelmetrics.ErrorInvalidInput,
	})
	if err != nil {
		return nil, err
	}
	response := newResponse(r, http.StatusGatewayTimeout, http.Header{"Content-Type": {"application/problem+json"}}, body)
	secure(response.Header)
	setCacheStatus(response.Header, "fwd=miss; detail=ONLY-IF-CACHED")
	return response, nil
}

// alone asks the backend for this client only, and copies the answer into the cache
// as it passes.
func (c *caching) alone(e *exchange, r *http.Request, key, status string) (*http.Response, error) {
	asked := time.Now()
	response, err := c.next.answer(e, r)
	if err != nil {
		return nil, err
	}
	if k := c.keep(e, r, key, response, asked); k != nil {
		response.Body = &copied{ReadCloser: response.Body, into: k, response: response}
	}
	setCacheStatus(response.Header, status)
	return response, nil
}

// setCacheStatus adds what this cache did to what others say (RFC 9211).
func setCacheStatus(header http.Header, status string) {
	header.Add("Cache-Status", "dspy-metrics; "+status)
}

func newResponse(r *http.Request, status int, header http.Header, body []byte) *http.Response {
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}
