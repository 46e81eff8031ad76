package extractive

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReAct(t *testing.T) {
	t.Parallel()
	const text = `The retriever emits rm_search_duration. The cache emits rm_cache_hits.
		The unit of rm_cache_hits is one. The unit of rm_search_duration is seconds.
		The retriever sleeps.`
	const (
		emits = "The retriever emits rm_search_duration."
		unit  = "The unit of rm_search_duration is seconds."
		first = "Look for the passage that fits the question best."
	)
	tests := map[string]struct {
		question, want string
		trajectory     []Hop
	}{
		"two hops": {
			question: "Which unit has what the retriever emits?",
			want:     unit,
			trajectory: []Hop{
				{first, "search: unit, retriever, emits", emits},
				{
					"Not found yet: unit. Follow the terms of the last passage.",
					"search: unit; linked by: rm_search_duration, rm, search, duration", unit,
				},
				{"The passages found hold every term of the question.", "finish", unit},
			},
		},
		"one hop": {
			question: "What does the retriever emit?",
			want:     emits,
			trajectory: []Hop{
				{first, "search: retriever, emit", emits},
				{"The passages found hold every term of the question.", "finish", emits},
			},
		},
		"no link": {
			question: "Does the retriever emit gold?",
			want:     emits,
			trajectory: []Hop{
				{first, "search: retriever, emit, gold", emits},
				{
					"Not found yet: gold. Follow the terms of the last passage.",
					"search: gold; linked by: rm_search_duration, rm, search, duration", NoAnswer,
				},
				{"No linked passage was found for: gold.", "finish", emits},
			},
		},
		"nothing": {
			question: "Gold?",
			want:     NoAnswer,
			trajectory: []Hop{
				{first, "search: gold", NoAnswer},
				{"No passage holds a term of the question.", "finish", NoAnswer},
			},
		},
	}
	p := newPredictor(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := p.Predict(t.Context(), Question{Text: tt.question, Context: text, Mode: ReAct})
			if err != nil {
				t.Fatal(err)
			}
			if got.Text != tt.want {
				t.Errorf("got %q, want %q", got.Text, tt.want)
			}
			if diff := cmp.Diff(tt.trajectory, got.Trajectory); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReActStopsAtTheLimit(t *testing.T) {
	t.Parallel()
	q := Question{
		Text:    "alpha beta gamma delta",
		Context: "Alpha links. Beta links. Gamma links. Delta links.",
		Mode:    ReAct,
	}
	got, err := newPredictor(t).Predict(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	want := Hop{"The limit of 3 passages is reached. Not found: delta.", "finish", "Alpha links."}
	if len(got.Trajectory) != maxHops+1 || got.Trajectory[maxHops] != want {
		t.Errorf("got %+v", got.Trajectory)
	}
}
