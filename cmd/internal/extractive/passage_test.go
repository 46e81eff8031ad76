package extractive

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want []string
	}{
		"empty":         {"", nil},
		"white space":   {" \n\t\r\n ", nil},
		"sentences":     {"One here. Two there! Three? Four", []string{"One here.", "Two there!", "Three?", "Four"}},
		"numbers":       {"Uses 0.005, 0.01 and 2.5. Then 10.", []string{"Uses 0.005, 0.01 and 2.5.", "Then 10."}},
		"abbreviations": {"Tools, e.g. awk, i.e. text tools (cf. No. 5 by Dr. J. Doe et al. and etc. too). End.", []string{"Tools, e.g. awk, i.e. text tools (cf. No. 5 by Dr. J. Doe et al. and etc. too).", "End."}},
		"etc. at end":   {"Cats, dogs, etc. The end is no. Yes.", []string{"Cats, dogs, etc.", "The end is no.", "Yes."}},
		"identifiers":   {"See http://a.b/c.html?d=e. dspy_predictions_total grows.", []string{"See http://a.b/c.html?d=e.", "dspy_predictions_total grows."}},
		"quotes":        {`He said "go." (She went.) Fine...`, []string{`He said "go."`, "(She went.)", "Fine..."}},
		"wrapped":       {"One sentence\n  on lines. Two", []string{"One sentence\n  on lines.", "Two"}},
		"blank lines":   {"One\n\nTwo\r\n \t\r\nThree", []string{"One", "Two", "Three"}},
		"bullets":       {"- one\n* two\n  + three\n• four\n-five", []string{"one", "two", "three", "four\n-five"}},
		"numbered":      {"1. one\n2) two\n[3] three\n(4) four", []string{"one", "two", "three", "four"}},
		"year":          {"It was in\n2024. Then", []string{"It was in\n2024.", "Then"}},
		"headings":      {"# Title\n\n## Part one\n\nText", []string{"Title", "Part one", "Text"}},
		"bullet after":  {"List:\n\n- One.\n- Two.", []string{"List:", "One.", "Two."}},
		"table":         {"| a | b |\n| c | d |", []string{"| a | b |", "| c | d |"}},
		"Chinese":       {"一。二！“三？”四", []string{"一。", "二！", "“三？”", "四"}},
		"Hindi":         {"एक।दो", []string{"एक।", "दो"}},
		"right to left": {"שלום. עולם", []string{"שלום.", "עולם"}},
		"empty bullet":  {"- \n- \n\n", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, splitAll(tt.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func splitAll(source string) []string {
	var passages []string
	for passage := range split(source) {
		passages = append(passages, passage)
	}
	return passages
}

func TestSplitBoundsPassages(t *testing.T) {
	t.Parallel()
	const size = 1 << 17
	for name, unit := range map[string]string{
		"word": "a", "words": "some words ", "dots": ".", "spaced dots": ". ", "hashes": "#", "spaces": " ",
		"lines": "\n", "emoji": "👩‍🚀", "Chinese": "漢", "invalid": "\xff", "brackets": "([{", "bullets": "- ",
		"bullet lines": "\n- ", "marks": "e\u0301", "nul": "\x00", "line of spaces": "a\n                ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Repeat(unit, size/len(unit))
			for passage := range split(text) {
				if len(passage) > maxPassage+utf8.UTFMax {
					t.Fatalf("passage of %d bytes", len(passage))
				}
				if !strings.HasPrefix(unit, "\xff") && !utf8.ValidString(passage) {
					t.Fatalf("character cut in %q", passage)
				}
			}
		})
	}
}
