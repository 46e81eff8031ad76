package service

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"
	"go.opentelemetry.io/otel/propagation"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Label is a label that the user adds, and the source of its value in a request: a
// header, or a field of the JSON body. One of the two is empty.
type Label struct{ Key, Header, Field string }

// ParseLabel reads "KEY=header:NAME" or "KEY=field:NAME".
func ParseLabel(text string) (Label, error) {
	key, source, _ := strings.Cut(text, "=")
	kind, name, _ := strings.Cut(source, ":")
	switch {
	case key == "" || name == "":
	case kind == "header":
		return Label{Key: key, Header: name}, nil
	case kind == "field":
		return Label{Key: key, Field: name}, nil
	}
	return Label{}, fmt.Errorf("label %q: use NAME=header:HEADER or NAME=field:FIELD", text)
}

func (l Label) value(header http.Header, body []byte) string {
	if l.Header != "" {
		return header.Get(l.Header)
	}
	told := gjson.GetBytes(body, gjson.Escape(l.Field))
	if told.Type == gjson.String || told.Type == gjson.Number {
		return told.String()
	}
	return ""
}

// recorder returns the recorder for the label values of a request. The body is read
// late. Without it, labels that are read from the body have the value unknown.
func (s *Service) recorder(header http.Header, body []byte) *otelmetrics.Recorder {
	recorder := s.Metrics.Recorder
	for _, l := range s.Labels {
		recorder = recorder.With(l.Key, l.value(header, body))
	}
	return recorder
}

type recorderKey struct{}

func withRecorder(ctx context.Context, recorder *otelmetrics.Recorder) context.Context {
	return context.WithValue(ctx, recorderKey{}, recorder)
}

// RecorderOf returns the recorder of the prediction for which a cache is called,
// or nil.
func RecorderOf(ctx context.Context) *otelmetrics.Recorder {
	recorder, _ := ctx.Value(recorderKey{}).(*otelmetrics.Recorder)
	return recorder
}

// traced puts the trace of the caller into the context of a request, so that its
// id is on the exemplars. No span is made here: nothing would export it.
func traced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["Traceparent"]) > 0 {
			r = r.WithContext(propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header)))
		}
		next.ServeHTTP(w, r)
	})
}

// measured measures requests, each on the recorder of its headers.
func (s *Service) measured(next http.Handler) http.Handler {
	return s.Metrics.Middleware(next, otelmetrics.WithRecorder(func(r *http.Request) *otelmetrics.Recorder {
		return s.recorder(r.Header, nil)
	}))
}
