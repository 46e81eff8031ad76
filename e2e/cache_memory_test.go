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
// that nobody has made before. What the process takes then is bounded by
// --cache-max-bytes, beside what it takes without a cache.
func TestCacheMemory(t *testing.T) {
	const maxBytes, clients = 64 << 20, 4
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
			resident := func(cache string) int64 {
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
				return int64(s.gauge(t, "process_resident_memory_bytes"))
			}
			without, with := resident("off"), resident("memory")
			t.Logf("%d requests: %d MiB without a cache, %d MiB with it", requests, without>>20, with>>20)
			// Answers on their way take memory too: as they come, as they are stored, and as
			// garbage that is not yet collected.
			underway := int64(8 * clients * size)
			if took, most := with-without, maxBytes+maxBytes/8+underway; took > most {
				t.Errorf("the cache took %d MiB of the process, want at most %d", took>>20, most>>20)
			}
		})
	}
}
