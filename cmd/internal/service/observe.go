package service

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/usage"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// observing records what the answers of a backend say about themselves, as they
// pass.
type observing struct {
	next    layer
	service *Service
}

func (o observing) answer(e *exchange, r *http.Request) (*http.Response, error) {
	response, err := o.next.answer(e, r)
	if err != nil {
		return nil, err
	}
	if err := failed(response); err != nil {
		e.fail(err)
	}
	observed := observed{ReadCloser: response.Body, ctx: r.Context(), exchange: e, service: o.service, header: response.Header}
	switch {
	case streaming(response):
		observed.stream = usage.NewStream(response.Header.Get("Content-Type"))
		e.reader = observed.stream
		if response.StatusCode < http.StatusBadRequest { // an error has no tokens
			observed.stream.OnContent = e.prediction.FirstToken
		}
	case readable(response.Header):
		observed.whole = new(bytes.Buffer)
	}
	response.Body = &observed
	return response, nil
}

// streaming tells whether an answer comes in parts: events, or text of unknown
// length that is not one JSON value.
func streaming(r *http.Response) bool {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return mediaType == "text/event-stream" || r.ContentLength < 0 && !isJSON(mediaType)
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

// readable tells whether the answer is JSON that we can decode.
func readable(header http.Header) bool {
	mediaType, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	encoding := header.Get("Content-Encoding")
	return isJSON(mediaType) && (encoding == "" || encoding == "identity" || encoding == "gzip")
}

// observed is the body of an answer.
type observed struct {
	io.ReadCloser
	ctx      context.Context //nolint:containedctx // the body is the rest of a call
	exchange *exchange
	service  *Service
	header   http.Header
	stream   *usage.Stream // of one that comes in parts
	whole    *bytes.Buffer // of JSON, as long as it is not too large
	settled  bool
}

func (o *observed) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	switch {
	case o.stream != nil:
		_, _ = o.stream.Write(p[:n])
	case o.whole != nil && int64(o.whole.Len()+n) > o.service.MaxAnswerBytes:
		o.whole = nil
	case o.whole != nil:
		o.whole.Write(p[:n])
	}
	if err != nil {
		if !errors.Is(err, io.EOF) {
			o.exchange.broke(o.ctx, err)
		}
		o.settle(errors.Is(err, io.EOF))
	}
	return n, err
}

// Close is all that is called if the client takes no more.
func (o *observed) Close() error {
	o.settle(false)
	return o.ReadCloser.Close()
}

// settle records what the answer has said, once.
func (o *observed) settle(complete bool) {
	if o.settled {
		return
	}
	o.settled = true
	report, ending := o.read(complete)
	o.exchange.whole = ending == usage.EndComplete
	report = usage.Merge(report, usage.FromHeader(o.header))
	if report.Failed {
		o.exchange.fail(&otelmetrics.Error{Type: report.ErrorType, Err: errors.New("the answer tells of an error")})
	}
	if complete && ending == usage.EndCut {
		o.exchange.fail(&otelmetrics.Error{Type: otelmetrics.UpstreamUnavailable, Err: errors.New("the stream has no end")})
	}
	o.service.record(o.ctx, o.exchange, report)
}

func (o *observed) read(complete bool) (usage.Report, usage.Ending) {
	switch {
	case o.stream != nil:
		return o.stream.Finish()
	case o.whole == nil || !complete:
		return usage.Report{}, usage.EndUnknown
	}
	body := o.whole.Bytes()
	if o.header.Get("Content-Encoding") == "gzip" {
		body = o.unzip(body)
	}
	if !json.Valid(body) {
		return usage.FromJSON(body), usage.EndUnknown
	}
	return usage.FromJSON(body), usage.EndComplete
}

// unzip returns nothing if that would be too large or is not what it claims to
// be.
func (o *observed) unzip(body []byte) []byte {
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil
	}
	plain, err := io.ReadAll(io.LimitReader(reader, o.service.MaxAnswerBytes+1))
	if err != nil || int64(len(plain)) > o.service.MaxAnswerBytes {
		return nil
	}
	return plain
}

// record adds what a prediction has spent.
func (s *Service) record(ctx context.Context, e *exchange, report usage.Report) {
	s.recordTokens(e, report)
	if report.Cost != nil {
		e.prediction.AddCost(*report.Cost)
	}
	own := e.recorder.Cache(otelmetrics.DSPy)
	switch {
	case report.CacheHits != nil || report.CacheMisses != nil:
		own.AddHits(ctx, number(report.CacheHits))
		own.AddMisses(ctx, number(report.CacheMisses))
	case report.Cached == nil:
	case *report.Cached:
		own.Hit(ctx)
	default:
		own.Miss(ctx)
	}
	for _, ignored := range report.Ignored {
		s.Logger.DebugContext(ctx, "an answer states what makes no sense", slog.String("statement", ignored))
	}
}

// number returns zero for what was not stated.
func number(stated *int64) int64 {
	if stated == nil {
		return 0
	}
	return *stated
}
