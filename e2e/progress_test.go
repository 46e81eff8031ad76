package e2e

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
)

// Long work shows a line on a terminal, which is gone at the end, and nothing in a
// pipe or on a terminal that cannot rewrite a line.
func TestProgress(t *testing.T) {
	t.Parallel()
	s := serve(t)
	url := "http://" + s.address
	for name, tt := range map[string]struct {
		args []string // the time that it takes is put for %s
		want string
	}{
		"load":            {[]string{"load", url, "--rate=20", "--duration=%s"}, " answered, 0 failed"},
		"check --for":     {[]string{"check", url + "/metrics", "--interval=1s", "--for=%s"}, "reading "},
		"check --otlp":    {[]string{"check", "--otlp=127.0.0.1:0", "--for=%s"}, "listening "},
		"contract --otlp": {[]string{"contract", "--infer", "--otlp=127.0.0.1:0", "--for=%s"}, "listening "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shown := onTerminal(t, tt.want, lasting("10m", tt.args)...)
			if line := strings.LastIndex(shown, tt.want); !strings.Contains(shown[line:], "\x1b[2K\r") {
				t.Errorf("the line with %q is not gone at the end:\n%q", tt.want, shown)
			}
			// It ends with the exit code of what it has found, which is not what is tried here.
			shown, _ = execute(t, []string{"TERM=xterm"}, binary, lasting("2s", tt.args)...)
			if strings.ContainsAny(shown, "\r\x1b") {
				t.Errorf("a pipe got\n%q", shown)
			}
		})
	}
}

func lasting(time string, args []string) []string {
	last := len(args) - 1
	return append(append([]string{}, args[:last]...), fmt.Sprintf(args[last], time))
}

// onTerminal runs the command with a terminal as its standard error, interrupts it when
// the terminal shows the text, and returns all that it has shown.
func onTerminal(t *testing.T, text string, args ...string) string {
	t.Helper()
	terminal, inside, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	if err := pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: 120}); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.CommandContext(t.Context(), binary, args...), exited: make(chan struct{})}
	p.cmd.Env, p.cmd.Stderr = append(environment(), "TERM=xterm"), inside
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	inside.Close()
	read := make(chan error)
	go func() {
		_, err := io.Copy(&p.output, terminal)
		read <- err
	}()
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	until(t, p, func() error {
		if shown := p.output.String(); !strings.Contains(shown, text) {
			return fmt.Errorf("no %q in %q", text, shown)
		}
		return nil
	})
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	// A terminal that nobody has open any more answers with EIO.
	if err := <-read; err != nil && !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	<-p.exited
	return p.output.String()
}
