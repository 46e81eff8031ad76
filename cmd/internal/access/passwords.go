package access

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/config"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/time/rate"
)

const (
	// guesses is how many wrong passwords an address may try at once, and
	// guessInterval after how long it may try another.
	guesses       = 10
	guessInterval = 10 * time.Second

	// maxGuessers is the number of addresses that are tracked separately. maxRight is
	// the number of correct passwords that are remembered.
	maxGuessers = 4096
	maxRight    = 1024
)

// verdict is the result of checking a password.
type verdict int

const (
	right verdict = iota
	wrong
	tooManyWrong // it was not looked at
)

// passwords compares passwords with their hashes. A comparison is slow on purpose: it
// takes 50 ms or more of a core. These rules keep guesses from delaying other
// clients:
//
//   - A password that was correct before is recognized by a digest, without a
//     comparison.
//   - After too many wrong passwords, an address must wait before the next
//     comparison.
//   - Each address has at most one comparison at a time. All addresses without a
//     correct password so far share one, and all others share another one.
type passwords struct {
	key     [sha256.Size]byte // of the digests, so that they are of no use elsewhere
	compare func(hash, password []byte) error
	known   chan struct{} // has the comparison that runs for addresses with a right password
	unknown chan struct{} // has the comparison that runs for others

	mu       sync.Mutex
	right    map[[sha256.Size]byte]struct{}
	guessers map[netip.Prefix]*guesser
	crowd    *guesser // all addresses beyond maxGuessers
}

// guesser is an address that had a password to compare.
type guesser struct {
	turn  chan struct{}
	limit *rate.Limiter // of wrong passwords
	known bool          // it had a right one; guarded by turn
}

func newGuesser() *guesser {
	return &guesser{turn: make(chan struct{}, 1), limit: rate.NewLimiter(rate.Every(guessInterval), guesses)}
}

// spent reports whether the address has to wait.
func (g *guesser) spent() bool { return g.limit.Tokens() < 1 }

func newPasswords() *passwords {
	p := &passwords{
		compare: bcrypt.CompareHashAndPassword,
		known:   make(chan struct{}, 1), unknown: make(chan struct{}, 1),
		right: make(map[[sha256.Size]byte]struct{}), guessers: make(map[netip.Prefix]*guesser), crowd: newGuesser(),
	}
	_, _ = rand.Read(p.key[:]) // it never fails
	return p
}

// knows reports whether the password of a user was right before. It takes no time.
func (p *passwords) knows(users map[string]config.Secret, user, password string) bool {
	hash, exists := users[user]
	return exists && p.remembers(p.digest(user, string(hash), password))
}

// check compares the password of a user, whom there may not be.
func (p *passwords) check(ctx context.Context, client netip.Prefix, users map[string]config.Secret, user, password string) verdict {
	hash, exists := users[user]
	if !exists {
		// It takes as long as for a user that exists.
		hash = users[slices.Min(slices.Collect(maps.Keys(users)))]
	}
	digest := p.digest(user, string(hash), password)
	g := p.guesser(client)
	if g.spent() {
		return tooManyWrong
	}
	if !enter(ctx, g.turn) {
		return wrong // nobody is there to be answered
	}
	defer func() { <-g.turn }()
	switch { // while it waited
	case exists && p.remembers(digest):
		return right
	case g.spent():
		return tooManyWrong
	}
	running := p.unknown
	if g.known {
		running = p.known
	}
	if !enter(ctx, running) {
		return wrong
	}
	defer func() { <-running }()
	if p.compare([]byte(hash), []byte(password)) != nil || !exists {
		g.limit.Allow()
		return wrong
	}
	g.known = g != p.crowd
	p.remember(digest)
	return right
}

// enter waits for a place in a channel.
func enter(ctx context.Context, places chan<- struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// digest is one of all that makes a password right, the hash included: if that
// changes, the password is compared again.
func (p *passwords) digest(parts ...string) (digest [sha256.Size]byte) {
	sum := hmac.New(sha256.New, p.key[:])
	for _, part := range parts {
		_ = binary.Write(sum, binary.LittleEndian, uint64(len(part)))
		_, _ = sum.Write([]byte(part))
	}
	sum.Sum(digest[:0])
	return digest
}

func (p *passwords) remembers(digest [sha256.Size]byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.right[digest]
	return ok
}

func (p *passwords) remember(digest [sha256.Size]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.right) == maxRight {
		clear(p.right)
	}
	p.right[digest] = struct{}{}
}

// guesser returns the guesser of an address. If there are too many, it forgets those
// that do not have to wait. If all have to wait, further addresses share one guesser,
// so that using many addresses gives no additional attempts.
func (p *passwords) guesser(client netip.Prefix) *guesser {
	p.mu.Lock()
	defer p.mu.Unlock()
	if g, ok := p.guessers[client]; ok {
		return g
	}
	if len(p.guessers) == maxGuessers {
		maps.DeleteFunc(p.guessers, func(_ netip.Prefix, g *guesser) bool { return g.limit.Tokens() >= guesses })
	}
	if len(p.guessers) == maxGuessers {
		return p.crowd
	}
	g := newGuesser()
	p.guessers[client] = g
	return g
}
