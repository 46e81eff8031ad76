//go:build amd64 || arm64

package goexit

// near reports whether a return address is among the three above the caller of Runs, from which it must be called: those of
// the deferred function and of what the compiler may have put around it. It reads them from the frames on the stack.
func near(address uintptr) bool
