// Package goexit recognizes a deferred call that runs because its goroutine ends by [runtime.Goexit], as
// [testing.T.FailNow] ends it. Go has recover for a panic and nothing for this: the deferred function sees what it would
// see after a return. What differs is who runs it: runtime.Goexit instead of the function that deferred it.
//
// The answer no costs a few nanoseconds where Go keeps frame pointers, and a walk of the stack elsewhere.
package goexit

import "runtime"

// Address returns the return address at which runtime.Goexit runs deferred calls, for [Runs]. It is the same for the life of
// the process, and zero if it cannot be found, which no return address is.
func Address() uintptr {
	var address uintptr
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer func() { address = deferrer(2) }()
		runtime.Goexit()
	}()
	<-ended
	if f := runtime.FuncForPC(address); f == nil || f.Name() != "runtime.Goexit" {
		return 0
	}
	return address
}

// Runs reports whether runtime.Goexit, with that address, runs the function that calls Runs. The function must have been
// deferred itself, not called by one that was, and must not be inlined.
//
//go:noinline
func Runs(address uintptr) bool { return near(address) && deferrer(3) == address }

// deferrer returns the return address in the caller of a function that is some calls above. The walk leaves out functions
// that the compiler made to defer a call with arguments.
func deferrer(above int) uintptr {
	var addresses [1]uintptr
	runtime.Callers(1+above, addresses[:])
	return addresses[0]
}
