package extractive

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWords(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want string // words joined by spaces
	}{
		"lower case":  {"The Red ÄPFEL", "the red äpfel"},
		"identifier":  {"dspy_predictions_total", "dspy_predictions_total dspy predictions total"},
		"underscores": {"__init__ a__b_ _", "init a__b a b"},
		"numbers":     {"0.005, 1. v2.5", "0.005 1 v2.5"},
		"punctuation": {"chain-of-thought (it's)", "chain of thought it s"},
		"Chinese":     {"北京市 城", "北京 京市 城"},
		"mixed":       {"DSPy是程序2", "dspy 是程 程序 2"},
		"Katakana":    {"サーバー", "サー ーバ バー"},
		"marks":       {"e\u0301te\u0301 हिन्दी", "e\u0301te\u0301 हिन्दी"},
		"symbols":     {"👩‍🚀 ❤️ → \x00 \xff", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for w := range words(tt.text) {
				got = append(got, string(w))
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFoldMeets(t *testing.T) {
	t.Parallel()
	for _, family := range []string{
		"bucket buckets",
		"use uses used using",
		"measure measures measured measuring",
		"call calls called calling",
		"stop stops stopped stopping",
		"query queries queried querying",
		"class classes", "box boxes", "cache caches cached caching", "process processes processed",
		"add adds added adding", "label labels labeled",
	} {
		words := strings.Fields(family)
		want := string(fold([]byte(words[0])))
		for _, w := range words[1:] {
			if got := string(fold([]byte(w))); got != want {
				t.Errorf("%q folds to %q, %q to %q", words[0], want, w, got)
			}
		}
	}
}

func TestFoldKeeps(t *testing.T) {
	t.Parallel()
	for _, w := range []string{
		"", "s", "es", "ed", "ing", "bus", "red", "string", "status", "axis", "need",
		"p95s", "go_gc_pauses", "élevés", "äpfel",
	} {
		if got := string(fold([]byte(w))); got != w {
			t.Errorf("%q folds to %q", w, got)
		}
	}
}
