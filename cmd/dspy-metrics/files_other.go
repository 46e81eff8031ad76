//go:build !unix

package main

// fileLimit returns 0, because the limit is unknown.
func fileLimit() int { return 0 }
