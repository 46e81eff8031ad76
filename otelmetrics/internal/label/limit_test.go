package label

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/views"
)

func TestLimit(t *testing.T) {
	t.Parallel()
	a, _ := values(t, views.Label{Key: "a", Budget: 4})
	b, overB := values(t, views.Label{Key: "b", Budget: 4})
	c, overC := values(t, views.Label{Key: "c", Budget: 4})
	tree := NewTree(func(values []string) []string { return values }, a, b, c).Limit(2)
	for _, test := range []struct {
		get, want    []string
		overB, overC int64
	}{
		{[]string{"a1", "b1", "c1"}, []string{"a1", "b1", "c1"}, 0, 0},
		{[]string{"a1", "b1", "c2"}, []string{"a1", "b1", "c2"}, 0, 0},
		{[]string{"a1", "b1", "c3"}, []string{"a1", "b1", "other"}, 0, 1},
		{[]string{"a1", "b2", "c1"}, []string{"a1", "other", "other"}, 1, 1},
		{[]string{"a2", "b1", "other"}, []string{"a2", "other", "other"}, 1, 0},
		{[]string{"a1", "b1", "c1"}, []string{"a1", "b1", "c1"}, 0, 0}, // as ever
	} {
		beforeB, beforeC := overB.Load(), overC.Load()
		if got := tree.Get(test.get...); !slices.Equal(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.get, got, test.want)
		}
		if gotB, gotC := overB.Load()-beforeB, overC.Load()-beforeC; gotB != test.overB || gotC != test.overC {
			t.Errorf("%q: told as overflowed %d and %d times, want %d and %d", test.get, gotB, gotC, test.overB, test.overC)
		}
	}
}

// What is forgotten makes room, series by series and whole branches.
func TestLimitOfForgotten(t *testing.T) {
	t.Parallel()
	a, _ := values(t, views.Label{Key: "a", Budget: 2})
	b, _ := values(t, views.Label{Key: "b", Budget: 8})
	tree := NewTree(func(values []string) []string { return values }, a, b).Limit(4)
	for day := range 100 {
		name := "a" + strconv.Itoa(day)
		for i := range 3 {
			want := []string{name, strconv.Itoa(i)}
			if got := tree.Get(want...); !slices.Equal(got, want) {
				t.Fatalf("day %d: got %q, want %q", day, got, want)
			}
		}
		a.Forget(name)
	}
}

// Any number of goroutines make as many series as the limit allows, whatever is
// forgotten in between.
func TestLimitConcurrently(t *testing.T) {
	t.Parallel()
	const limit = 10
	a, _ := values(t, views.Label{Key: "a", Budget: 20})
	b, _ := values(t, views.Label{Key: "b", Budget: 20})
	var made atomic.Int64
	tree := NewTree(func(values []string) []string {
		made.Add(1)
		return values
	}, a, b).Limit(limit)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 20_000 {
				x, y := strconv.Itoa((i+worker)%30), strconv.Itoa(i*7%30)
				got := tree.Get(x, y)
				if got[0] != x && got[0] != views.Other || got[1] != y && got[1] != views.Other {
					t.Errorf("got %q, want %q, %q or other", got, x, y)
				}
				if i%50 == 0 {
					a.Forget(x)
				}
			}
		})
	}
	wg.Wait()
	tree.mu.Lock()
	defer tree.mu.Unlock()
	if counted, there := tree.size, tree.root.drop(); counted != there || there > limit+len(a.places) {
		t.Errorf("%d series are counted, %d are there, want at most %d", counted, there, limit+len(a.places))
	}
}
