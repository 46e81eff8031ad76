//go:build !unix

package service_test

import (
	"testing"
	"time"
)

// cpuTime is not known.
func cpuTime(*testing.B) time.Duration { return 0 }
