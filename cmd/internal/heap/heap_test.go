package heap

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

func TestPercentage(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	for _, test := range []struct {
		bytes, live, roots uint64
		want               int
	}{
		{16 * mb, 0, 0, 400},             // the smallest heap is 16 MB then
		{16 * mb, mb, 0, 400},            // so it is here
		{16 * mb, 2 * mb, mb, 400},       // and here
		{16 * mb, 4 * mb, 0, 300},        // 4 MB and three times as much
		{16 * mb, 4 * mb, 2 * mb, 200},   // 4 MB and twice 6
		{16 * mb, 8 * mb, 0, 100},        // the default has come to it
		{16 * mb, 15 * mb, mb, 100},      // twice of what lives is more
		{16 * mb, 16 * mb, mb, 100},      // and more
		{16 * mb, 1 << 40, 1 << 40, 100}, // and more
		{mb, 0, 0, 100},                  // less than the runtime lets be
		{0, 0, 0, 100},
	} {
		if got := percentage(test.bytes, test.live, test.roots); got != test.want {
			t.Errorf("percentage(%d, %d, %d) = %d, want %d", test.bytes, test.live, test.roots, got, test.want)
		}
	}
}

// The heap of this process is left alone up to a size, and follows the default when
// more than that lives in it.
func TestSpare(t *testing.T) {
	const bytes = 32 << 20
	Spare(bytes)
	eventually(t, "a small heap may have 32 MB", func() bool { return read("/gc/heap/goal:bytes") >= bytes*9/10 })
	large := make([]byte, 2*bytes)
	eventually(t, "a large heap is collected as by default", func() bool { return read("/gc/gogc:percent") == 100 })
	runtime.KeepAlive(large)
	eventually(t, "a heap that is small again may have 32 MB", func() bool {
		goal := read("/gc/heap/goal:bytes")
		return goal >= bytes*9/10 && goal < 2*bytes
	})
}

func read(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// eventually collects until something holds: the percentage is set after a collection.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); runtime.GC() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute; the goal is %d at %d %%", what, read("/gc/heap/goal:bytes"), read("/gc/gogc:percent"))
		}
	}
}
