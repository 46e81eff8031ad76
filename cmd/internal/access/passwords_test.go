package access

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/config"
)

// comparing has passwords whose comparison takes a time and is right for "right".
func comparing(takes time.Duration) (p *passwords, compared, atOnce *atomic.Int64) {
	compared, atOnce = new(atomic.Int64), new(atomic.Int64)
	var running atomic.Int64
	p = newPasswords()
	p.compare = func(_, password []byte) error {
		if now := running.Add(1); now > atOnce.Load() {
			atOnce.Store(now)
		}
		defer running.Add(-1)
		compared.Add(1)
		<-time.After(takes)
		if string(password) == "right" {
			return nil
		}
		return errors.New("wrong")
	}
	return p, compared, atOnce
}

func of(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
}

func users() map[string]config.Secret {
	return map[string]config.Secret{"prometheus": "hash", "other": "another hash"}
}

// A password that was right before does not wait for any guess, from wherever.
func TestGuessesDelayNoKnownPassword(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, _, _ := comparing(time.Second)
		if got := p.check(t.Context(), of(0), users(), "prometheus", "right"); got != right {
			t.Fatalf("got %d, want right", got)
		}
		var guessing sync.WaitGroup
		for i := range 500 {
			guessing.Go(func() { p.check(t.Context(), of(i%50), users(), "prometheus", fmt.Sprint("guess ", i)) })
		}
		synctest.Wait()
		start := time.Now()
		if !p.knows(users(), "prometheus", "right") || time.Since(start) != 0 {
			t.Errorf("a known password had to wait for %v", time.Since(start))
		}
		guessing.Wait()
	})
}

// One that was not seen before waits for one comparison of each address that
// guesses, at most, and where a right one came from before, for none of others.
func TestGuessesDelayOthersLittle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const addresses, takes = 20, time.Second
		p, compared, atOnce := comparing(takes)
		p.check(t.Context(), of(0), users(), "prometheus", "right")
		var guessing sync.WaitGroup
		for i := range 50 * addresses {
			guessing.Go(func() { p.check(t.Context(), of(1+i%addresses), users(), "prometheus", fmt.Sprint("guess ", i)) })
		}
		synctest.Wait()
		start := time.Now()
		changed := map[string]config.Secret{"prometheus": "a new hash"}
		if got := p.check(t.Context(), of(0), changed, "prometheus", "right"); got != right || time.Since(start) > takes {
			t.Errorf("a new password at a known address: got %d after %v, want right after %v", got, time.Since(start), takes)
		}
		start = time.Now()
		if got := p.check(t.Context(), of(1000), users(), "other", "right"); got != right || time.Since(start) > (addresses+2)*takes {
			t.Errorf("a new address: got %d after %v, want right after %v at most", got, time.Since(start), (addresses+2)*takes)
		}
		guessing.Wait()
		// 10 at once and one every 10 s of each address, the three right ones beside.
		if got, most := compared.Load(), int64(addresses*(guesses+time.Since(start)/guessInterval+2)+3); got > most {
			t.Errorf("compared %d times, want at most %d", got, most)
		}
		if got := atOnce.Load(); got > 2 {
			t.Errorf("%d comparisons at once, want one of each kind", got)
		}
	})
}

// An address has 10 guesses, and then one every 10 s; right passwords cost none.
func TestGuessesAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, compared, _ := comparing(0)
		for range 100 {
			if got := p.check(t.Context(), of(0), users(), "prometheus", "right"); got != right {
				t.Fatalf("got %d, want right", got)
			}
		}
		counts := make(map[verdict]int)
		for i := range 100 {
			user := []string{"prometheus", "nobody"}[i%2]
			counts[p.check(t.Context(), of(0), users(), user, strconv.Itoa(i))]++
		}
		if counts[wrong] != guesses || counts[tooManyWrong] != 100-guesses || compared.Load() != 1+guesses {
			t.Errorf("got %v, %d compared", counts, compared.Load())
		}
		if got := p.check(t.Context(), of(1), users(), "prometheus", "guess"); got != wrong {
			t.Errorf("another address: got %d, want wrong", got)
		}
		time.Sleep(guessInterval) //nolint:forbidigo // The time of the bubble.
		if got := p.check(t.Context(), of(0), users(), "prometheus", "guess"); got != wrong {
			t.Errorf("later: got %d, want wrong", got)
		}
		if !p.knows(users(), "prometheus", "right") || p.knows(users(), "nobody", "right") || p.knows(users(), "other", "right") {
			t.Error("want the right password known, of its user alone")
		}
	})
}

// More addresses than are told apart have the guesses of one, and memory is bounded.
func TestManyGuessersAreOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, _, _ := comparing(0)
		counts := make(map[verdict]int)
		for i := range maxGuessers + 1000 {
			counts[p.check(t.Context(), of(i), users(), "prometheus", "guess")]++
		}
		if len(p.guessers) > maxGuessers || counts[wrong] != maxGuessers+guesses {
			t.Errorf("got %d addresses, and %d wrong, want %d and %d", len(p.guessers), counts[wrong], maxGuessers, maxGuessers+guesses)
		}
		time.Sleep(guesses * guessInterval) //nolint:forbidigo // The time of the bubble.
		p.check(t.Context(), of(1<<20), users(), "prometheus", "guess")
		if len(p.guessers) != 1 {
			t.Errorf("%d addresses are kept that need not wait for anything", len(p.guessers)-1)
		}
		for i := range 3 * maxRight {
			p.remember(p.digest(strconv.Itoa(i)))
		}
		if len(p.right) > maxRight {
			t.Errorf("%d right passwords are kept", len(p.right))
		}
	})
}

// A client that goes away while it waits holds nothing.
func TestGuesserGoesAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, compared, _ := comparing(time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		var guessing sync.WaitGroup
		for range 10 {
			guessing.Go(func() { p.check(ctx, of(0), users(), "prometheus", "guess") })
		}
		synctest.Wait()
		cancel()
		guessing.Wait()
		if got := compared.Load(); got != 1 {
			t.Errorf("%d compared, want the one that had begun", got)
		}
	})
}
