package extractive

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const contract = `
# Metrics of the service

- The counter dspy_predictions_total counts the predictions, by module and outcome.
- The counter dspy_prediction_errors_total counts the predictions that failed, by module and kind of error.
- The histogram dspy_prediction_duration_seconds measures how long a prediction takes, in seconds.
- The histogram dspy_prediction_duration_seconds uses the buckets 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5 and 10 seconds.
- The gauge dspy_predictions_in_flight is the number of predictions that run right now.
- The histogram dspy_answer_size_bytes uses powers of four from 64 to 65536 bytes.
- The counter dspy_lm_tokens_total counts tokens, by direction, e.g. prompt or completion.
- The gauge dspy_build_info is always 1 and carries the version as a label.
- The counter dspy_cache_hits_total counts answers served from the cache.
- The summary go_gc_duration_seconds measures the pauses of garbage collection.

Metrics are served in the text format at http://localhost:9090/metrics. The label
module names the DSPy module, such as Predict. The label outcome is ok or error.
`

func newPredictor(tb testing.TB) *Predictor {
	tb.Helper()
	p, err := New(contract)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestPredictFindsPassage(t *testing.T) {
	t.Parallel()
	p := newPredictor(t)
	tests := map[string]struct{ question, context, want string }{
		"buckets":       {question: "Which buckets does the duration histogram use?", want: "buckets 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5 and 10 seconds."},
		"identifier":    {question: "What is dspy_build_info?", want: "always 1"},
		"parts":         {question: "cache hits?", want: "dspy_cache_hits_total"},
		"endings":       {question: "Which metric counted failed predictions?", want: "dspy_prediction_errors_total"},
		"number":        {question: "0.025", want: "0.025"},
		"address":       {question: "Where are metrics served?", want: "http://localhost:9090/metrics."},
		"abbreviation":  {question: "Which token directions exist?", want: "e.g. prompt or completion."},
		"no match":      {question: "Who painted the Mona Lisa?", want: NoAnswer},
		"stop words":    {question: "What is it?", want: NoAnswer},
		"no words":      {question: "?! 🚀", want: NoAnswer},
		"invalid UTF-8": {question: "\xff\xfe", want: NoAnswer},
		"context":       {question: "How high is the tower?", context: "The river is long. The tower is 330 m high.", want: "The tower is 330 m high."},
		"blank context": {question: "cache hits", context: " \n\t", want: "dspy_cache_hits_total"},
		"wordless":      {question: "cache hits", context: "... 🚀 !!!", want: NoAnswer},
		"only context":  {question: "cache hits", context: "The sky is blue.", want: NoAnswer},
		"Chinese":       {question: "首都在哪里", context: "上海是大城市。北京是中国的首都。广州很热。", want: "北京是中国的首都。"},
		"Thai":          {question: "เมืองหลวง", context: "ฝนตกหนัก\n\nกรุงเทพเป็นเมืองหลวง", want: "กรุงเทพเป็นเมืองหลวง"},
		"Korean":        {question: "수도는", context: "비가 온다. 서울이 수도이다.", want: "서울이 수도이다."},
		"Arabic":        {question: "ما هي العاصمة؟", context: "السماء زرقاء. العاصمة هي القاهرة.", want: "العاصمة هي القاهرة."},
		"control":       {question: "red", context: "a red\x00\x1b[31m apple\xff", want: "a red  [31m apple\uFFFD"},
		"tie":           {question: "apple", context: "Red apple. Old apple. New apple.", want: "Red apple."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, mode := range []Mode{Predict, ChainOfThought, ReAct} {
				got, err := p.Predict(t.Context(), Question{Text: tt.question, Context: tt.context, Mode: mode})
				if err != nil {
					t.Fatalf("%v: %v", mode, err)
				}
				if !strings.Contains(got.Text, tt.want) {
					t.Errorf("%v: got %q, want %q", mode, got.Text, tt.want)
				}
				if none := len(got.Passages) == 0; none != (tt.want == NoAnswer) {
					t.Errorf("%v: %d passages for %q", mode, len(got.Passages), got.Text)
				}
			}
		})
	}
}

func TestPassagesAreRanked(t *testing.T) {
	t.Parallel()
	got, err := newPredictor(t).Predict(t.Context(), Question{Text: "Which histograms measure a duration in seconds?"})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got.Passages); n < 2 || n > maxPassages {
		t.Fatalf("%d passages", n)
	}
	if got.Text != got.Passages[0].Text {
		t.Errorf("answer %q is not the first passage", got.Text)
	}
	for i, p := range got.Passages[1:] {
		if before := got.Passages[i]; p.Score > before.Score || p.Score == before.Score && p.Index < before.Index {
			t.Errorf("passage %+v after %+v", p, before)
		}
	}
	if got.Reasoning != "" || got.Trajectory != nil {
		t.Errorf("Predict gives reasoning %q and trajectory %v", got.Reasoning, got.Trajectory)
	}
}

func TestChainOfThought(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ question, want string }{
		"all held": {"Is it red?", "Passages ranked by BM25: 2, for the terms: red.\n1. (score 0.772) A red apple."},
		"missing":  {"Is the apple red or ripe?", "Passages ranked by BM25: 2, for the terms: apple, red, ripe.\n1. (score 1.544) A red apple.\nThe best passage does not hold: ripe."},
		"none":     {"Ripe?", "Passages ranked by BM25: 2, for the terms: ripe.\nNo passage holds any of them."},
		"no terms": {"Who are you?", "The question contains no term to search for."},
	}
	p := newPredictor(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := Question{Text: tt.question, Context: "A red\n apple. One blue\nsky over me.", Mode: ChainOfThought}
			got, err := p.Predict(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Reasoning); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " \n", "... --- 🚀", "\xff\x00"} {
		if _, err := New(text); !errors.Is(err, ErrEmptyText) {
			t.Errorf("New(%q): %v", text, err)
		}
	}
	p := newPredictor(t)
	for _, text := range []string{"", " \t\n\u3000"} {
		if _, err := p.Predict(t.Context(), Question{Text: text}); !errors.Is(err, ErrEmptyQuestion) {
			t.Errorf("question %q: %v", text, err)
		}
	}
	_, err := p.Predict(t.Context(), Question{Text: "cache", Mode: 7})
	if err == nil || err.Error() != `unknown mode "Mode(7)"` {
		t.Errorf("mode 7: %v", err)
	}
}

// fuse is a context that is canceled after a number of looks at it.
type fuse struct {
	context.Context
	looks, limit int
}

func (f *fuse) Err() error {
	if f.looks++; f.looks > f.limit {
		return context.Canceled
	}
	return nil
}

func TestContextIsObeyed(t *testing.T) {
	t.Parallel()
	p := newPredictor(t)
	texts := map[string]string{
		"sentences": strings.Repeat("The red apple falls. ", 10_000),
		"one line":  strings.Repeat("apple ", 34_000),
		"one word":  strings.Repeat("a", 200_000),
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, mode := range []Mode{Predict, ChainOfThought, ReAct} {
				for _, limit := range []int{0, 1, 50, 180, 220} {
					ctx := &fuse{Context: t.Context(), limit: limit}
					_, err := p.Predict(ctx, Question{Text: "red apple", Context: text, Mode: mode})
					if !errors.Is(err, context.Canceled) {
						t.Errorf("%v, limit %d: %v", mode, limit, err)
					}
					if ctx.looks != limit+1 {
						t.Errorf("%v, limit %d: stopped after %d looks", mode, limit, ctx.looks)
					}
				}
			}
		})
	}
}

func TestPredictIsDeterministicAndConcurrent(t *testing.T) {
	t.Parallel()
	p := newPredictor(t)
	q := Question{Text: "Which label names the module of failed predictions?", Mode: ReAct}
	want, err := p.Predict(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			got, err := p.Predict(t.Context(), q)
			if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	group.Wait()
}
