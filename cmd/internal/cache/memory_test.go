package cache_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/cache"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	f := open(t, cache.Config{URL: "memory"})
	f.want(counts{}) // The size is there, and zero, before anything happens.
	f.wantGet("key", "")
	f.set("key", "answer")
	f.wantGet("key", "answer")
	f.want(counts{hits: 1, misses: 1, size: weight("key", "answer")})
	f.set("key", "another answer")
	f.wantGet("key", "another answer")
	f.want(counts{hits: 2, misses: 1, size: weight("key", "another answer")}) // Replaced, not evicted.
}

func TestMemoryRefusesLargeEntries(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]cache.Config{
		"entry": {URL: "memory", MaxEntryBytes: 10},
		"all":   {URL: "memory", MaxBytes: cache.Weight("key", "1234567"), MaxEntryBytes: 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t, config)
			f.set("key", "1234567")
			f.set("key", "1234567 and more") // What was there stays.
			f.wantGet("key", "1234567")
			f.want(counts{hits: 1, size: weight("key", "1234567")})
		})
	}
}

func TestMemoryAfterClose(t *testing.T) {
	t.Parallel()
	f := open(t, cache.Config{URL: "memory"})
	f.set("a", "1")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f.set("b", "2")
	f.wantGet("a", "")
	f.wantGet("b", "")
	f.want(counts{misses: 2})
}

func TestMemoryExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := open(t, cache.Config{URL: "memory", TTL: time.Minute})
		f.set("early", "1")
		time.Sleep(30 * time.Second) //nolint:forbidigo // The bubble's clock.
		f.set("late", "2")
		f.set("again", "3")
		time.Sleep(29 * time.Second) //nolint:forbidigo // The bubble's clock.
		f.wantGet("early", "1")      // A look-up keeps nothing alive,
		f.set("again", "4")          // a store does.
		time.Sleep(time.Second)      //nolint:forbidigo // The bubble's clock.
		f.wantGet("early", "")
		f.wantGet("late", "2")

		// Nothing is asked any more, and yet what expires leaves the size.
		for _, step := range []struct {
			after time.Duration
			want  counts
		}{
			{3 * time.Second, counts{hits: 2, misses: 1, evictions: 1, size: weight("late", "2") + weight("again", "4")}},
			{30 * time.Second, counts{hits: 2, misses: 1, evictions: 2, size: weight("again", "4")}},
			{30 * time.Second, counts{hits: 2, misses: 1, evictions: 3, size: 0}},
		} {
			time.Sleep(step.after) //nolint:forbidigo // The bubble's clock.
			synctest.Wait()
			f.want(step.want)
		}
	})
}

// Random stores and look-ups over a cache that is too small: the size is that of
// what can be looked up, and every entry that came is there or was evicted.
func TestMemoryAgainstAModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const maxBytes, keys = 10_000, 60
				random := rand.New(rand.NewPCG(seed, 1))
				f := open(t, cache.Config{URL: "memory", MaxBytes: maxBytes, TTL: time.Minute})
				model := make(map[string]string) // the last answer stored
				came := 0
				for step := range 1000 {
					key := fmt.Sprint("key ", random.IntN(keys))
					switch random.IntN(3) {
					case 0:
						if got, ok := f.get(t.Context(), key); ok && got != model[key] {
							t.Fatalf("got %q, want %q", got, model[key])
						}
					case 1:
						time.Sleep(time.Duration(random.IntN(3)) * time.Second) //nolint:forbidigo // The bubble's clock.
					case 2:
						if _, there := f.get(t.Context(), key); !there {
							came++
						}
						model[key] = strings.Repeat("x", random.IntN(100))
						f.set(key, model[key])
					}
					if step%20 != 0 {
						continue
					}
					size, entries := 0.0, 0
					for key := range model {
						if got, ok := f.get(t.Context(), key); ok {
							size += weight(key, got)
							entries++
						}
					}
					// Otter has up to two seconds to find what has expired.
					got := f.counts()
					if got.size > maxBytes || size > got.size || float64(came-entries) < got.evictions {
						t.Fatalf("got %+v, want at least size %v, and at most %d evictions", got, size, came-entries)
					}
				}
				time.Sleep(2 * time.Minute) //nolint:forbidigo // The bubble's clock.
				synctest.Wait()
				if got := f.counts(); got.size != 0 || got.evictions != float64(came) {
					t.Errorf("got %+v at the end, want size 0 and %d evictions", got, came)
				}
			})
		})
	}
}

func TestMemoryConcurrently(t *testing.T) {
	t.Parallel()
	const maxBytes, workers, keys = 20_000, 8, 100
	f := open(t, cache.Config{URL: "memory", MaxBytes: maxBytes})
	var wg sync.WaitGroup
	for worker := range uint64(workers) {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(worker, 2))
			for range 2000 {
				key := fmt.Sprint("key ", random.IntN(keys))
				if answer, ok := f.get(t.Context(), key); ok && !strings.HasPrefix(answer, key+" ") {
					t.Errorf("got %q for %q", answer, key)
				}
				f.set(key, key+" "+strings.Repeat("x", random.IntN(200)))
			}
		})
	}
	wg.Wait()
	got := f.counts()
	if got.hits+got.misses != workers*2000 || got.hits == 0 || got.evictions == 0 {
		t.Errorf("got %+v, want hits and evictions, and %d look-ups", got, workers*2000)
	}
	size := 0.0
	for i := range keys {
		key := fmt.Sprint("key ", i)
		if answer, ok := f.get(t.Context(), key); ok {
			size += weight(key, answer)
		}
	}
	if got.size != size || size == 0 || size > maxBytes {
		t.Errorf("got size %v, want that of the entries, %v, and at most %d", got.size, size, maxBytes)
	}
}
