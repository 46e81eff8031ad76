package cache_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/cache"
)

// What the memory cache counts for its entries is at least what they take of the
// heap and what the garbage collector leaves unused beside them, however small or
// large they are and however full the hash table; and not much more.
func TestMemoryIsCounted(t *testing.T) { // Not in parallel: it measures the heap.
	for _, size := range []int{0, 1, 100, 1000, 10_000, 33_000, 300_000} {
		for _, maxBytes := range []int64{10 << 20, 13 << 20, 16 << 20} {
			t.Run(fmt.Sprintf("%d bytes in %d MiB", size, maxBytes>>20), func(t *testing.T) {
				f := open(t, cache.Config{URL: "memory", MaxBytes: maxBytes})
				before := heap()
				answer := strings.Repeat("x", size)
				entry := cache.Weight(fmt.Sprintf("%064d", 0), answer)
				for i := range 2 * maxBytes / entry { // Until it is full, and twice as many.
					f.set(fmt.Sprintf("%064d", i), answer)
				}
				took, counted := heap()-before, int64(f.counts().size)
				if counted > maxBytes || counted < maxBytes-2*entry {
					t.Errorf("got %d bytes counted, want at most %d and not much less", counted, maxBytes)
				}
				if 2*took > counted || 4*took < counted {
					t.Errorf("got %d bytes counted for %d of the heap, want two to four times as much", counted, took)
				}
				runtime.KeepAlive(f)
			})
		}
	}
}

// heap returns the bytes that are in use.
func heap() int64 {
	var stats runtime.MemStats
	for range 2 { // The first one may have been underway.
		runtime.GC()
	}
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
