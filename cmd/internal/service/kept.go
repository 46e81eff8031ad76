package service

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/httpcache"
)

// kept is an answer that may go into the cache when all of it has come.
type kept struct {
	caching  *caching
	exchange *exchange       // of the call that it answers
	ctx      context.Context //nolint:containedctx // of the call
	key      string
	came     time.Time
	fresh    httpcache.Freshness
	header   http.Header
	measured bool // it has a length, which shows whether all of it has come
	json     bool // it is to be one JSON value, not encoded in another way
}

// keep returns nil if the header already says that the answer is not to be kept.
func (c *caching) keep(e *exchange, r *http.Request, key string, response *http.Response, asked time.Time) *kept {
	came := time.Now()
	fresh := httpcache.FreshnessOf(response.Header, c.ttl, came, came.Sub(asked))
	if response.StatusCode != http.StatusOK || e.err != nil || fresh.Left() <= 0 ||
		c.keys.varies(response.Header) || response.ContentLength > c.limit || len(response.Trailer) > 0 {
		return nil
	}
	return &kept{
		caching: c, exchange: e, ctx: withRecorder(r.Context(), e.recorder), key: key,
		came: came, fresh: fresh, header: endToEnd(response.Header),
		measured: response.ContentLength >= 0 && !isStream(mediaTypeOf(response)),
		json:     isJSON(mediaTypeOf(response)) && response.Header.Get("Content-Encoding") == "",
	}
}

// end puts the answer into the cache, whose body is all that came, if it is no
// failure and not cut off. A stream, and an answer without a length, must say itself
// that it is whole. The fields that come after a body are not kept, so an answer that
// has some is not kept either.
func (k *kept) end(body []byte, trailer http.Header) {
	left := k.fresh.Left() - time.Since(k.came)
	if k.exchange.err != nil || !k.whole(body) || len(trailer) > 0 || left <= 0 {
		return
	}
	answer := stored{came: k.came, fresh: k.fresh, header: k.header, body: body}
	k.caching.cache.Set(k.ctx, k.key, answer.encode(), left)
}

// whole reports whether all of the answer has come.
func (k *kept) whole(body []byte) bool {
	if k.json && !k.measured {
		return json.Valid(body)
	}
	return k.measured || k.exchange.whole
}

// shareable reports whether an answer, of whatever outcome, can go to several
// clients as it comes: it may be given to others at all, and is one answer of limited
// length and no stream.
func (c *caching) shareable(response *http.Response) bool {
	switch {
	case httpcache.FreshnessOf(response.Header, c.ttl, time.Now(), 0).Left() <= 0, c.keys.varies(response.Header),
		response.StatusCode == http.StatusPartialContent, response.StatusCode == http.StatusNotModified,
		len(response.Trailer) > 0:
		return false
	}
	if response.ContentLength < 0 {
		return isJSON(mediaTypeOf(response))
	}
	return !isStream(mediaTypeOf(response)) && response.ContentLength <= c.limit
}

// mediaTypeOf returns the media type of an answer without its parameters.
func mediaTypeOf(response *http.Response) string {
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return mediaType
}

// copied is the body of an answer that is copied as it passes.
type copied struct {
	io.ReadCloser
	into     *kept // nil if it is not copied any more
	response *http.Response
	body     []byte
}

func (b *copied) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch {
	case b.into == nil:
	case int64(len(b.body)+n) > b.into.caching.limit:
		b.into, b.body = nil, nil
	default:
		if b.body == nil {
			b.body = make([]byte, 0, max(b.response.ContentLength, int64(n)))
		}
		b.body = append(b.body, p[:n]...)
		if errors.Is(err, io.EOF) {
			b.into.end(b.body, b.response.Trailer)
			b.into, b.body = nil, nil
		}
	}
	return n, err
}
