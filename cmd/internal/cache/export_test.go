package cache

import "bytes"

// Writes returns how many answers are on their way to Redis.
func (c *Cache) Writes() int {
	redis, ok := c.store.(*shared)
	if !ok {
		return 0
	}
	redis.writes.mu.Lock()
	defer redis.writes.mu.Unlock()
	return redis.writes.count
}

// Weight returns what the memory cache counts for an entry.
func Weight(key, answer string) int64 { return weight(key, bytes.Clone([]byte(answer))) }
