package e2e

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// redisCLI runs a command on a Redis and returns what it answers.
func redisCLI(t *testing.T, address string, command ...string) string {
	t.Helper()
	host, port, _ := splitAddress(t, address)
	out, err := exec.CommandContext(t.Context(), "redis-cli", append([]string{"-h", host, "-p", port}, command...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("redis-cli %q: %v: %s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}

// answersOnly checks that all predictions of a crowd were answered, and that each was
// looked up once.
func answersOnly(t *testing.T, s *service, c *crowd) {
	t.Helper()
	if len(c.answers) != 1 || len(c.broken) > 0 {
		t.Errorf("got %d statuses, and broken ones: %v", len(c.answers), c.broken)
	}
	s.has(t, map[string]int{
		"dspy_predictions_total status success": c.count(200),
		"dspy_predictions_total status failure": 0,
		"dspy_active_predictions":               0,
	})
	if got := s.gauge(t, "dspy_cache_hits_total") + s.gauge(t, "dspy_cache_misses_total"); got != float64(c.count(200)) {
		t.Errorf("got %v look-ups, want %d", got, c.count(200))
	}
	t.Logf("%d predictions, p95 %v, longest %v", c.count(200), c.quantile(200, 0.95), c.quantile(200, 1))
}

func (s *service) warnings() int { return strings.Count(s.output.String(), "level=WARN") }

// TestRedisLoading has a Redis that is still loading what it had: predictions go on,
// and the cache is used when it is done.
func TestRedisLoading(t *testing.T) {
	t.Parallel()
	folder, address := t.TempDir(), freeAddress(t)
	first := startRedis(t, address, "--dir", folder)
	redisCLI(t, address, "EVAL", "for i = 1, 20000 do redis.call('SET', 'key ' .. i, i) end", "0")
	redisCLI(t, address, "SAVE")
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.wait(t)
	startRedis(t, address, "--dir", folder, "--key-load-delay", "500", "--loading-process-events-interval-bytes", "1024")
	s := serve(t, "--cache", "redis://"+address+"/0", "--cache-timeout", "10s")
	c := newCrowd(s, 4)
	stop := c.press(t, 4)
	s.logs(t, "LOADING")
	s.logs(t, "redis is available again")
	c.answered(t, s.process, c.count(200)+500)
	stop()
	answersOnly(t, s, c)
	if got := s.warnings(); got != 1 {
		t.Errorf("got %d warnings, want one for the outage:\n%s", got, s.output.String())
	}
	if got := redisCLI(t, address, "DBSIZE"); got == "20000" {
		t.Error("nothing was stored when Redis was there")
	}
}

// TestRedisCluster has a Redis that is one of a cluster, and has half of the keys: one
// warning says so, and predictions go on without the cache.
func TestRedisCluster(t *testing.T) {
	t.Parallel()
	var nodes, buses [2]string
	var member *process
	for i, slots := range [][2]string{{"0", "8191"}, {"8192", "16383"}} {
		nodes[i] = freeAddress(t)
		_, buses[i], _ = splitAddress(t, freeAddress(t))
		member = startRedis(t, nodes[i], "--cluster-enabled", "yes", "--cluster-port", buses[i])
		redisCLI(t, nodes[i], "CLUSTER", "ADDSLOTSRANGE", slots[0], slots[1])
	}
	host, port, _ := splitAddress(t, nodes[1])
	redisCLI(t, nodes[0], "CLUSTER", "MEET", host, port, buses[1])
	until(t, member, func() error {
		if info := redisCLI(t, nodes[0], "CLUSTER", "INFO"); !strings.Contains(info, "cluster_state:ok") {
			return errors.New(info)
		}
		return nil
	})
	s := serve(t, "--cache", "redis://"+nodes[0]+"/0", "--cache-timeout", "10s")
	c := newCrowd(s, 4)
	stop := c.press(t, 4)
	s.logs(t, "a Redis Cluster is not supported")
	c.answered(t, s.process, 2000)
	stop()
	answersOnly(t, s, c)
	if got := s.warnings(); got > 2 { // Look-ups, and perhaps stores before them.
		t.Errorf("got %d warnings, want one for the outage:\n%s", got, s.output.String())
	}
}

// TestRedisFailover makes a replica the master and the master a replica, again and
// again under load: what can only be read is read, and no prediction fails.
func TestRedisFailover(t *testing.T) {
	t.Parallel()
	master, replica := freeAddress(t), freeAddress(t)
	startRedis(t, master, "--repl-diskless-sync-delay", "0")
	host, port, _ := splitAddress(t, master)
	second := startRedis(t, replica, "--replicaof", host+" "+port, "--repl-diskless-sync-delay", "0")
	linked := func(of string) {
		t.Helper()
		until(t, second, func() error {
			if info := redisCLI(t, of, "INFO", "replication"); !strings.Contains(info, "role:master") || !strings.Contains(info, "state=online") {
				return errors.New(info)
			}
			return nil
		})
	}
	s := serve(t, "--cache", "redis://"+master+"/0", "--cache-timeout", "10s")
	c := newCrowd(s, 4)
	stop := c.press(t, 4)
	now, other := master, replica
	for range 4 {
		linked(now)
		c.answered(t, s.process, c.count(200)+200)
		redisCLI(t, now, "FAILOVER")
		now, other = other, now
	}
	linked(now)
	c.answered(t, s.process, c.count(200)+500)
	stop()
	answersOnly(t, s, c)
	s.logs(t, "redis refuses to store answers")
}

// TestRedisClientsKilled has the connections of the service killed under load.
func TestRedisClientsKilled(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	startRedis(t, address)
	s := serve(t, "--cache", "redis://"+address+"/0", "--cache-timeout", "10s")
	c := newCrowd(s, 4)
	stop := c.press(t, 4)
	for range 20 {
		c.answered(t, s.process, c.count(200)+50)
		redisCLI(t, address, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
	}
	c.answered(t, s.process, c.count(200)+500)
	stop()
	answersOnly(t, s, c)
	if got := s.gauge(t, "dspy_cache_size_bytes"); got == 0 {
		t.Error("no size of the cache")
	}
}
