package cache

import (
	"fmt"
	"strconv"
	"strings"
)

// usage is the memory usage that a Redis server reports.
type usage struct {
	bytes     int64 // memory in use
	evictions int64 // keys evicted for want of memory, since the server started
}

// parseUsage reads the answer to INFO.
func parseUsage(info string) (usage, error) {
	fields := make(map[string]string)
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[name] = value
		}
	}
	size, err := count(fields, "used_memory")
	if err != nil {
		return usage{}, err
	}
	evictions, err := count(fields, "evicted_keys")
	if err != nil {
		return usage{}, err
	}
	return usage{size, evictions}, nil
}

func count(fields map[string]string, name string) (int64, error) {
	value, err := strconv.ParseUint(fields[name], 10, 63)
	if err != nil {
		return 0, fmt.Errorf("INFO reports %q for %s, which is not a number", fields[name], name)
	}
	return int64(value), nil
}
