package service

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/answer"
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
	reader := answer.NewReader(response.StatusCode, response.Header, answer.Options{
		MaxBytes:  o.service.MaxAnswerBytes,
		OnContent: e.prediction.FirstToken,
		Windows:   &o.service.windows,
	})
	e.reader = reader
	e.observed = observed{ReadCloser: response.Body, ctx: r.Context(), exchange: e, service: o.service, reader: reader}
	response.Body = &e.observed
	return response, nil
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

// observed is the body of an answer.
type observed struct {
	io.ReadCloser
	ctx      context.Context //nolint:containedctx // the body is the rest of a call
	exchange *exchange
	service  *Service
	reader   *answer.Reader
	settled  bool
}

func (o *observed) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	if n > 0 && !o.reader.Ended() {
		o.exchange.prediction.LastToken() // Usage and end marks come after the content.
	}
	_, _ = o.reader.Write(p[:n]) // it never fails
	if err != nil {
		complete := errors.Is(err, io.EOF)
		if !complete {
			o.exchange.broke(o.ctx, err)
		}
		o.settle(complete)
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
	report := o.reader.Finish(complete || o.exchange.delivery.left == 0)
	o.exchange.whole = report.Whole
	switch {
	case report.Failed:
		o.exchange.fail(&otelmetrics.Error{Type: report.ErrorType, Err: errors.New("the answer contains an error")})
	case report.Cut:
		o.exchange.fail(&otelmetrics.Error{Type: otelmetrics.ErrorUpstreamUnavailable, Err: errors.New("the stream ended without its end marker")})
	}
	o.service.record(o.ctx, o.exchange, report)
}

// record adds what a prediction has spent.
func (s *Service) record(ctx context.Context, e *exchange, report answer.Report) {
	s.recordSpending(e, report)
	priced := s.recordPrice(e, report)
	s.recordCalls(e.prediction, report)
	said := otelmetrics.Usage{Missing: report.Missing, CacheHits: number(report.CacheHits), CacheMisses: number(report.CacheMisses)}
	if report.Missing == "" && !priced {
		said.Missing = otelmetrics.UsageUnpriced
	}
	if report.CacheHits == nil && report.CacheMisses == nil && report.Cached != nil {
		if *report.Cached {
			said.CacheHits = 1
		} else {
			said.CacheMisses = 1
		}
	}
	e.recorder.RecordUsage(ctx, e.Type, said)
	for _, statement := range report.Ignored {
		s.Logger.DebugContext(ctx, "an answer contains an invalid statement, which is ignored", slog.String("statement", statement))
	}
}

// number returns zero for what was not stated.
func number(stated *int64) int64 {
	if stated == nil {
		return 0
	}
	return *stated
}
