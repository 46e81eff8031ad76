//go:build !amd64 && !arm64

package goexit

// near would save the walk of the stack where there are frame pointers.
func near(uintptr) bool { return true }
