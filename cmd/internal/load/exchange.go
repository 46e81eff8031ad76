package load

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/answer"
)

// result is how a request was answered.
type result struct {
	request    request
	sent       bool
	status     int // 0 without an answer
	cache      cacheUse
	failure    string // empty if it succeeded
	err        error  // of the transport
	latency    time.Duration
	firstEvent time.Duration // 0 without one
}

// The failures beside http_STATUS.
const (
	failureTimeout    = "timeout"
	failureAborted    = "aborted" // by us, at the end
	failureRefused    = "connection_refused"
	failureUnsent     = "not_connected" // for another reason
	failureUnanswered = "connection_lost"
	failureIncomplete = "incomplete_answer"
	failureNoStream   = "not_a_stream"
	failureBroken     = "broken_stream"
	failureTold       = "error_in_stream"
)

var errAborted = errors.New("aborted at shutdown")

// exchange sends a request and reads the whole answer. Times count from due.
func (g *generator) exchange(r request, due time.Time) result {
	ctx, cancel := context.WithTimeout(g.answering, g.Timeout)
	defer cancel()
	result := result{request: r}
	// Transport calls it from the goroutine of the call.
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { result.sent = true },
	})
	response, err := g.post(ctx, r)
	if err == nil {
		result.sent, result.status = true, response.StatusCode
		result.cache = cacheUseOf(response.Header)
		result.failure, err = read(response, r.stream, func() { result.firstEvent = time.Since(due) })
		_ = response.Body.Close() // what was read has been read
	}
	if err != nil {
		result.err, result.failure = err, failureOf(ctx, err, result)
	}
	result.latency = time.Since(due)
	return result
}

func (g *generator) post(ctx context.Context, r request) (*http.Response, error) {
	url, accept := g.URL, "application/json"
	if r.stream {
		url, accept = g.StreamURL, eventStream
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	if g.Header != nil {
		request.Header = g.Header.Clone()
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", accept)
	if r.fault != "" {
		request.Header.Set("X-Fault", r.fault)
	}
	return g.client.Do(request)
}

const eventStream = "text/event-stream"

// read reads an answer to its end and returns its failure. It uses the same rules as
// the service for the first event, and for a stream that broke off.
func read(response *http.Response, wantStream bool, onEvent func()) (failure string, err error) {
	contentType := response.Header.Get("Content-Type")
	mediaType, _, _ := mime.ParseMediaType(contentType)
	succeeded := response.StatusCode >= 200 && response.StatusCode < 300
	if !succeeded || !wantStream || mediaType != eventStream {
		_, err = io.Copy(io.Discard, response.Body)
		switch {
		case !succeeded:
			return "http_" + strconv.Itoa(response.StatusCode), err
		case wantStream:
			return failureNoStream, err
		}
		return "", err
	}
	reader := answer.NewReader(response.StatusCode, response.Header, answer.Options{MaxBytes: 1 << 20, OnContent: onEvent})
	_, err = io.Copy(reader, response.Body)
	switch report := reader.Finish(err == nil); {
	case report.Failed:
		failure = failureTold
	case report.Cut:
		failure = failureBroken
	}
	return failure, err
}

// failureOf returns why there is no answer, or only a part of it.
func failureOf(ctx context.Context, err error, r result) string {
	switch {
	case errors.Is(context.Cause(ctx), errAborted):
		return failureAborted
	case ctx.Err() != nil:
		return failureTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return failureRefused
	case !r.sent:
		return failureUnsent
	case r.status == 0:
		return failureUnanswered
	case r.failure != "":
		return r.failure
	case r.request.stream:
		return failureBroken
	}
	return failureIncomplete
}

// cacheUse is the Cache-Status of an answer (RFC 9211).
type cacheUse int

const (
	cacheUnknown cacheUse = iota
	cacheMiss
	cacheHit
	cacheCollapsed // shared with an equal request that was in flight
)

// cacheUseOf takes the word of the last cache that speaks, the nearest to us.
func cacheUseOf(header http.Header) cacheUse {
	members := strings.Split(strings.Join(header.Values("Cache-Status"), ","), ",")
	use := cacheUnknown
	for parameter := range strings.SplitSeq(members[len(members)-1], ";") {
		name, _, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		switch name {
		case "hit":
			use = cacheHit
		case "collapsed":
			use = cacheCollapsed
		case "fwd":
			use = max(use, cacheMiss)
		}
	}
	return use
}
