//go:build unix

package main

import "syscall"

// fileLimit returns how many files the process may have open, or 0 if it is unknown.
func fileLimit() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	const most = 1 << 30 // no limit is a huge number
	return int(min(uint64(limit.Cur), most))
}
