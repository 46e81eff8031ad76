package extractive

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzPredict(f *testing.F) {
	f.Add("Which buckets?", "It uses the buckets 0.5, 1 and 5. No.")
	f.Add("首都？", "北京是首都。\x00\xff 👩‍🚀")
	f.Add("e.g. 0.5", "- e.g. 0.5\n1. a_b\r\n\r\n[2] etc. …")
	f.Add("ما العاصمة؟", "العاصمة هي القاهرة.")
	f.Add("\xe4\xb8", "\xe4\xb8\x80\xe4\xb8 ing ed ies")
	p := newPredictor(f)
	f.Fuzz(func(t *testing.T, question, text string) {
		source := clean(text)
		if strings.TrimSpace(text) == "" {
			source = contract
		}
		for _, mode := range []Mode{Predict, ChainOfThought, ReAct} {
			got, err := p.Predict(t.Context(), Question{Text: question, Context: text, Mode: mode})
			if err != nil {
				if strings.TrimSpace(question) != "" {
					t.Fatal(err)
				}
				continue
			}
			said := []string{got.Text, got.Reasoning}
			for _, h := range got.Trajectory {
				said = append(said, h.Thought, h.Action, h.Observation)
			}
			for _, s := range said {
				if !utf8.ValidString(s) {
					t.Errorf("%v: invalid UTF-8: %q", mode, s)
				}
			}
			if got.Text != NoAnswer && (got.Text == "" || !strings.Contains(source, got.Text)) {
				t.Errorf("%v: answer %q is not in the text", mode, got.Text)
			}
			for _, passage := range got.Passages {
				if passage.Score <= 0 || !strings.Contains(source, passage.Text) {
					t.Errorf("%v: passage %+v", mode, passage)
				}
			}
		}
	})
}

func BenchmarkPredict(b *testing.B) {
	p := newPredictor(b)
	for name, text := range map[string]string{
		"builtin": "",
		"1MB":     strings.Repeat(contract, 1<<20/len(contract)),
		"10MB":    strings.Repeat(contract, 10<<20/len(contract)),
	} {
		for _, mode := range []Mode{Predict, ReAct} {
			b.Run(name+"/"+mode.String(), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				q := Question{Text: "Which buckets does the duration histogram of the cache use?", Context: text, Mode: mode}
				for b.Loop() {
					if _, err := p.Predict(b.Context(), q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
