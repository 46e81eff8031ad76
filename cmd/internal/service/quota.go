package service

import (
	"errors"
	"net/netip"
	"sync"
)

// quota is something that requests hold for a while: places among the predictions,
// or bytes of bodies. One client holds no more than its share, so that others find
// some of it whatever that client does.
type quota struct {
	size, share int64

	mu   sync.Mutex
	held int64 // of size, by all
	// clients has those that hold something, so it is never larger than what
	// there is to hold.
	clients map[netip.Prefix]int64
}

// The reasons to get nothing of a quota.
var (
	errAllTaken   = errors.New("the limit is reached")
	errShareTaken = errors.New("the share of the client's address is used up")
)

func newQuota(size, share int64) *quota {
	return &quota{size: size, share: share, clients: make(map[netip.Prefix]int64)}
}

// taken returns how much all clients hold.
func (q *quota) taken() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.held
}

// take takes n of the quota for a client, or nothing.
func (q *quota) take(client netip.Prefix, n int64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.room(client, n); err != nil {
		return err
	}
	q.held += n
	q.clients[client] += n
	return nil
}

// has returns why a client cannot take n at the moment, or nil.
func (q *quota) has(client netip.Prefix, n int64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.room(client, n)
}

func (q *quota) room(client netip.Prefix, n int64) error {
	switch {
	case q.held+n > q.size:
		return errAllTaken
	case q.clients[client]+n > q.share:
		return errShareTaken
	}
	return nil
}

// give gives back what a client took.
func (q *quota) give(client netip.Prefix, n int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held -= n
	if q.clients[client] -= n; q.clients[client] <= 0 {
		delete(q.clients, client)
	}
}
