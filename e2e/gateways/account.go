package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// spent is what a process group has used so far.
type spent struct {
	cpu    time.Duration
	memory int64 // resident, in bytes
}

// cpu returns how long a process has run, in nanoseconds. /proc/PID/stat has it in
// hundredths of a second, which is as much as a round of the fastest gateways takes
// in few of them.
func cpu(pid int64) (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED of the kernel: user and system time
	var spent unix.Timespec
	err := unix.ClockGettime(int32(^pid<<3|scheduled), &spent)
	return time.Duration(spent.Nano()), err
}

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
		const group, resident = 2, 21
		if len(fields) <= resident || number(fields[group]) != int64(r.command.Process.Pid) {
			continue
		}
		ran, err := cpu(number(filepath.Base(filepath.Dir(path))))
		if err != nil {
			continue // it has ended
		}
		total.cpu += ran
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
