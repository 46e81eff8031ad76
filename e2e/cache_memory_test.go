package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestCacheMemory fills the memory cache with answers of one size, to requests
// that nobody has made before. What the process holds then is bounded by
// --cache-max-bytes, beside what it holds without a cache: the size to which its heap may
// grow, which is twice what the garbage collector found in use. That is seen when the
// load is over. Under load the collector counts as well what is made while it runs, which
// is the more the busier the machine, so that the resident memory has a wide bound.
func TestCacheMemory(t *testing.T) {
	const mebibyte, maxBytes, clients = 1 << 20, 64 << 20, 4
	for _, size := range []int{10, 1000, 20_000, 500_000} {
		t.Run(fmt.Sprint(size, " bytes"), func(t *testing.T) {
			text := strings.Repeat("x", size)
			upstream := program(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Length", strconv.Itoa(size))
				_, _ = io.WriteString(w, text)
			})
			// More than fit: an entry is counted as twice its key, its answer, its header
			// and what is kept about it.
			requests := 500 + 3*maxBytes/(2*(500+size))/2
			measured := func(cache string) (resident, heap float64) {
				s := serve(t, "--upstream", upstream, "--cache", cache, "--cache-max-bytes", strconv.Itoa(maxBytes))
				var asked atomic.Int64
				var asking sync.WaitGroup
				c := newCrowd(s, clients)
				for range clients {
					asking.Go(func() {
						for asked.Add(1) <= int64(requests) {
							c.ask(t.Context())
						}
					})
				}
				asking.Wait()
				if len(c.broken) > 0 || c.count(200) != requests {
					t.Errorf("got %d answers of %d, and broken ones: %v", c.count(200), requests, c.broken)
				}
				if held := s.gauge(t, "dspy_cache_size_bytes"); cache != "off" && (held > maxBytes || held < maxBytes/2) {
					t.Errorf("the cache says that it takes %v bytes, of %d", held, maxBytes)
				}
				resident = s.gauge(t, "process_resident_memory_bytes")
				until(t, s.process, func() error {
					for range 20 { // scrapes make garbage, which is collected
						heap = s.gauge(t, "go_memstats_next_gc_bytes")
					}
					if most := float64(maxBytes + maxBytes/4); heap > most {
						return fmt.Errorf("cache %s: the heap may grow to %.0f MiB, want at most %.0f", cache, heap/mebibyte, most/mebibyte)
					}
					return nil
				})
				return resident, heap
			}
			without, _ := measured("off")
			with, heap := measured("memory")
			t.Logf("%d requests: %.0f MiB resident without a cache, %.0f MiB with it, of which the heap is %.0f", requests, without/mebibyte, with/mebibyte, heap/mebibyte)
			if took := with - without; took > 2*maxBytes {
				t.Errorf("the cache took %.0f MiB of the process, want at most %d", took/mebibyte, 2*maxBytes/mebibyte)
			}
		})
	}
}
