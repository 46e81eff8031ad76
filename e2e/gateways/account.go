package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// spent is what a process group has used so far.
type spent struct {
	cpu    time.Duration
	memory int64 // resident, in bytes
}

// ticks is the unit of /proc/PID/stat: 100 a second on every Linux that Go runs on.
const ticks = 100

// usage adds up the processes of the gateway, as the kernel accounts for them.
func (r *running) usage() (spent, error) {
	var total spent
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		return total, fmt.Errorf("no processes in /proc: %w", err)
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// The name of the program, in parentheses, may hold spaces.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		const group, user, system, resident = 2, 11, 12, 21
		if len(fields) <= resident || number(fields[group]) != int64(r.command.Process.Pid) {
			continue
		}
		total.cpu += time.Duration(number(fields[user])+number(fields[system])) * time.Second / ticks
		total.memory += number(fields[resident]) * int64(os.Getpagesize())
	}
	if total.memory == 0 {
		return total, errors.New("the gateway has ended")
	}
	return total, nil
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // the kernel wrote it
	return n
}
