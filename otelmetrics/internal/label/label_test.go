package label

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/dspy-metrics/dspy-metrics/views"
)

func values(t testing.TB, label views.Label) (*Values, *atomic.Int64) {
	t.Helper()
	overflowed := new(atomic.Int64)
	return NewValues(label, func(key, _ string) {
		if key != label.Key {
			t.Errorf("overflow of label %q, want %q", key, label.Key)
		}
		overflowed.Add(1)
	}), overflowed
}

func TestValues(t *testing.T) {
	t.Parallel()
	open := views.Label{Key: "open", Values: []string{"known"}, Budget: 2}
	tests := map[string]struct {
		label    views.Label
		in, want []string
		overflow int64
	}{
		"well-known":             {open, []string{"known"}, []string{"known"}, 0},
		"empty is unknown":       {open, []string{"", " \t"}, []string{"unknown", "unknown"}, 0},
		"other is no overflow":   {open, []string{"other"}, []string{"other"}, 0},
		"over budget":            {open, []string{"a", "b", "a", "known", "b"}, []string{"a", "other", "a", "known", "other"}, 2},
		"closed":                 {open.Only("x"), []string{"x", "known", ""}, []string{"x", "other", "unknown"}, 1},
		"invalid UTF-8":          {open, []string{"a\xffb", "a\xffb"}, []string{"a\uFFFDb", "a\uFFFDb"}, 0},
		"control characters":     {open, []string{"a\x00\n\u0085"}, []string{"a\uFFFD\uFFFD\uFFFD"}, 0},
		"overlong":               {open, []string{strings.Repeat("x", 1<<20)}, []string{strings.Repeat("x", MaxLength)}, 0},
		"overlong inside a rune": {open, []string{strings.Repeat("é", MaxLength) + "x"}, []string{strings.Repeat("é", MaxLength/2)}, 0},
		"cleaned meets the same": {open, []string{"a\xff", "a\xfe", "b"}, []string{"a\uFFFD", "a\uFFFD", "other"}, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, overflowed := values(t, test.label)
			var got []string
			for _, in := range test.in {
				got = append(got, v.Bounded(in))
			}
			if !slices.Equal(got, test.want) || overflowed.Load() != test.overflow {
				t.Errorf("got %q with %d overflows, want %q with %d", got, overflowed.Load(), test.want, test.overflow)
			}
		})
	}
}

func TestAMillionValuesStayWithinTheBudget(t *testing.T) {
	t.Parallel()
	label := views.Label{Key: "open", Budget: 10}
	v, overflowed := values(t, label)
	tree := NewTree(func(values []string) string { return values[0] }, v)
	seen := make(map[string]bool)
	for i := range 1_000_000 {
		seen[tree.Get(strconv.Itoa(i))] = true
	}
	if want := label.Budget + 1; len(seen) != want || overflowed.Load() != int64(1_000_000-label.Budget) {
		t.Errorf("got %d series and %d overflows, want %d and %d", len(seen), overflowed.Load(), want, 1_000_000-label.Budget)
	}
	if got := len(v.index.Load().values); got > label.Budget+3 {
		t.Errorf("%d values are remembered", got)
	}
}

func TestTreeMakesEachSeriesOnceConcurrentSafe(t *testing.T) {
	t.Parallel()
	a, _ := values(t, views.Label{Key: "a", Budget: 4})
	b, overflowed := values(t, views.Label{Key: "b", Budget: 4})
	var created atomic.Int64
	tree := NewTree(func(values []string) *[]string {
		created.Add(1)
		return &values
	}, a, b)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 1000 {
				want := []string{fmt.Sprint("a", i%4), fmt.Sprint("b", i%4)}
				if got := *tree.Get(want...); !slices.Equal(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		})
	}
	wg.Wait()
	if created.Load() != 4 || overflowed.Load() != 0 {
		t.Errorf("made %d series with %d overflows, want 4 and 0", created.Load(), overflowed.Load())
	}
}

func TestOverflowIsReportedOnceAMeasurement(t *testing.T) {
	t.Parallel()
	a, overflowed := values(t, views.Label{Key: "a"}.Only("x"))
	b, _ := values(t, views.Label{Key: "b", Budget: 4})
	tree := NewTree(func(values []string) string { return strings.Join(values, ",") }, a, b)
	if got := tree.Get("over", "b"); got != "other,b" || overflowed.Load() != 1 {
		t.Errorf("got %q with %d overflows, want other,b with 1", got, overflowed.Load())
	}
}

func TestTreeWithoutLabels(t *testing.T) {
	t.Parallel()
	tree := NewTree(func(values []string) int { return len(values) })
	if got := tree.Get(); got != 0 {
		t.Errorf("got %d", got)
	}
}

func TestGetDoesNotAllocate(t *testing.T) {
	a, _ := values(t, views.Label{Key: "a", Budget: 4})
	b, _ := values(t, views.Label{Key: "b", Budget: 4})
	tree := NewTree(func(values []string) int { return len(values) }, a, b)
	if got := testing.AllocsPerRun(100, func() { tree.Get("one", "two") }); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "cot", "\xff", "a\x00b", strings.Repeat("\xff", 300), strings.Repeat("é", 100), "\u202e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got := clean(in)
		if got == "" || len(got) > MaxLength || !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Fatalf("clean(%q) = %q", in, got)
		}
		if again := clean(got); again != got {
			t.Fatalf("clean is not idempotent: %q, then %q", got, again)
		}
	})
}

func BenchmarkGet(b *testing.B) {
	x, _ := values(b, views.Default().Labels.PredictionType)
	y, _ := values(b, views.Default().Labels.Status)
	tree := NewTree(func(values []string) int { return len(values) }, x, y)
	for b.Loop() {
		tree.Get("cot", "success")
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	v, overflowed := values(t, views.Label{Key: "open", Values: []string{"known"}, Budget: 2})
	tree := NewTree(func(values []string) *string { return &values[0] }, v)
	first := tree.Get("first")
	if got := *tree.Get("second"); got != views.Other {
		t.Fatalf("got %q, want other", got)
	}
	v.Forget("never seen")
	v.Forget("known")
	v.Forget("first")
	if got := *tree.Get("second"); got != "second" {
		t.Errorf("got %q in the free place", got)
	}
	if got := *tree.Get("first"); got != views.Other {
		t.Errorf("got %q for the forgotten value, want other", got)
	}
	if *first != "first" || *tree.Get("known") != "known" || overflowed.Load() != 2 {
		t.Errorf("got %q and %q with %d overflows", *first, *tree.Get("known"), overflowed.Load())
	}
	v.Forget("second")
	if again := tree.Get("first"); again == first || *again != "first" {
		t.Errorf("got %q, want it anew", *again)
	}
}

// Whatever is forgotten in between, nothing is attributed to another value.
func TestForgetConcurrently(t *testing.T) {
	t.Parallel()
	a, _ := values(t, views.Label{Key: "a", Budget: 2})
	b, _ := values(t, views.Label{Key: "b", Budget: 2})
	tree := NewTree(func(values []string) []string { return values }, a, b)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 20_000 {
				x, y := strconv.Itoa((i+worker)%4), strconv.Itoa(i*7%5)
				got := tree.Get(x, y)
				if got[0] != x && got[0] != views.Other || got[1] != y && got[1] != views.Other {
					t.Errorf("got %q, want %q, %q or other", got, x, y)
				}
				if i%3 == 0 {
					a.Forget(x)
					b.Forget(y)
				}
			}
		})
	}
	wg.Wait()
	if got := len(a.places); got > a.size() {
		t.Errorf("%d places, want at most %d", got, a.size())
	}
}
