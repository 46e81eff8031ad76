package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/internal/testio"
)

// patience is how long anything may take before its test fails: far more than it takes
// on a machine that does much else, as a test that passes does not wait for it.
const patience = 3 * time.Minute

// process is a program that runs until its test ends.
type process struct {
	cmd    *exec.Cmd
	output testio.Buffer
	exited chan struct{} // closed when err is set
	err    error         // of Wait
}

// start runs a program. It is killed when the test ends, and if the test failed
// by then, what the program wrote is shown.
func start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	return startIn(t, "", nil, program, args...)
}

// startIn is start in a folder and with more variables. The processes that the
// program starts itself end with it.
func startIn(t *testing.T, dir string, variables []string, program string, args ...string) *process {
	t.Helper()
	// The context of a test ends just before its cleanups run.
	p := &process{cmd: exec.CommandContext(t.Context(), locate(t, program), args...), exited: make(chan struct{})}
	p.cmd.Dir = dir
	p.cmd.Env = append(environment(), variables...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Cancel = func() error { return syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }
	p.cmd.Stdout = &p.output
	p.cmd.Stderr = &p.output
	p.cmd.WaitDelay = patience
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		<-p.exited
		if t.Failed() {
			t.Logf("output of %s:\n%s", p.cmd, p.output.String())
		}
	})
	return p
}

// locate finds a program that the tests need. To lack one is a failure: a test
// that is skipped for it would look like one that passed.
func locate(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%v: run the tests with make e2e, which installs what they need", err)
	}
	return path
}

// wait returns the error with which the program ended; nil stands for exit code 0.
func (p *process) wait(t *testing.T) error {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	select {
	case <-p.exited:
		return p.err
	case <-deadline.C:
		t.Fatalf("%s: still running after %v", p.cmd, patience)
		return nil
	}
}

// environment is the caller's without what would configure the programs.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "OTEL_") || strings.HasPrefix(entry, "DSPY_METRICS_")
	})
}

// until calls check until it returns nil, or fails the test with its last error.
// A process that must not end meanwhile fails the test at once if it does.
func until(t *testing.T, alive *process, check func() error) {
	t.Helper()
	within(t, patience, alive, check)
}

// within is until with a patience of its own.
func within(t *testing.T, patience time.Duration, alive *process, check func() error) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-again.C:
		case <-alive.exited:
			t.Fatalf("%s: ended: %v", alive.cmd, errors.Join(alive.err, err))
		case <-deadline.C:
			t.Fatalf("not within %v: %v", patience, err)
		}
	}
}

// ports counts those that freeAddress has looked at.
var ports atomic.Uint32

// freeAddress returns a loopback address for programs that cannot tell which
// port they chose. Its port is below those that the system gives to connections,
// which could take it before the program does, and is returned once.
func freeAddress(t *testing.T) string {
	t.Helper()
	const first, count = 12000, 20000
	var config net.ListenConfig
	ports.CompareAndSwap(0, 1+rand.Uint32N(count)) // apart from other runs on the machine
	for range count {
		address := fmt.Sprint("127.0.0.1:", first+ports.Add(1)%count)
		if l, err := config.Listen(t.Context(), "tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}
