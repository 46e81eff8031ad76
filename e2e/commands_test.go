package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// The commands of these pages work as they stand there, and show what is shown
// there.
func TestCommandsOfTheDocs(t *testing.T) {
	t.Parallel()
	in, s := install(t), serve(t, "--cache", "memory")
	in.targets(t, "dspy-metrics", s.address)
	p := in.run(t, freeAddress(t))
	until(t, p.process, func() error { return p.count(t, `up{job="dspy-metrics"}`, 1) })
	// In this order: the program that both push from is built in the first.
	for _, page := range []string{"../docs/guide.md", "../docs/troubleshooting.md"} {
		runPage(t, read(t, page), s, p.address)
	}
}

// The first thing that a reader tries.
func TestTranscriptOfTheReadme(t *testing.T) {
	t.Parallel()
	_, text, begun := strings.Cut(read(t, "../README.md"), "<!-- transcript:begin -->")
	text, _, ended := strings.Cut(text, "<!-- transcript:end -->")
	if !begun || !ended {
		t.Fatal("README.md has no transcript")
	}
	runPage(t, text, serve(t), "127.0.0.1:0")
}

// runPage runs the blocks of a page that are commands: whole scripts, which must
// succeed, and transcripts, whose output must be what is shown.
func runPage(t *testing.T, text string, s *service, prometheus string) {
	t.Helper()
	servers := strings.NewReplacer("localhost:3000", s.address, "localhost:9090", prometheus, "localhost:4318", freeAddress(t))
	blocks := regexp.MustCompile("(?ms)^```(sh|console)\n(.*?)^```$").FindAllStringSubmatch(text, -1)
	if len(blocks) == 0 {
		t.Fatal("the page has no commands")
	}
	for _, block := range blocks {
		if block[1] == "sh" {
			output, err := bash(t, servers.Replace(block[2]))
			if err != nil {
				t.Errorf("%v\n%s\n%s", err, block[2], output)
			}
			continue
		}
		for step := range strings.SplitSeq("\n"+block[2], "\n$ ") {
			command, want, _ := strings.Cut(step, "\n")
			if command == "" {
				continue // what is before the first prompt
			}
			// An answer may reach its client a moment before it is counted.
			until(t, s.process, func() error { return s.idle(t) })
			output, err := bash(t, servers.Replace(command))
			if err != nil || !shown(want).MatchString(output) {
				t.Errorf("%v\n$ %s\ngot\n%s\nwant\n%s", err, command, output, want)
			}
		}
	}
}

// idle is nil if no prediction is under way.
func (s *service) idle(t *testing.T) error {
	if active := total(s.samples(t), "dspy_active_predictions", model.LabelSet{}); active != 0 {
		return fmt.Errorf("%v predictions are active", active)
	}
	return nil
}

// shown matches an output of these lines; a line of "…" stands for any.
func shown(want string) *regexp.Regexp {
	var pattern strings.Builder
	for line := range strings.Lines(strings.TrimSpace(want)) {
		if line = strings.TrimSuffix(line, "\n"); line == "…" {
			pattern.WriteString(`(?:.*\n)*`)
		} else {
			pattern.WriteString(regexp.QuoteMeta(line) + `\n`)
		}
	}
	return regexp.MustCompile(`\A` + pattern.String() + `\n?\z`)
}

// bash runs a script at the root of the repository, with the service's program
// in its path, and returns what it wrote, with the line ends of a terminal.
func bash(t *testing.T, script string) (output string, err error) {
	t.Helper()
	// Enough to build a program.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	command.Dir = ".."
	command.Env = append(environment(), "PATH="+filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
	command.WaitDelay = patience
	written, err := command.CombinedOutput()
	output = strings.ReplaceAll(string(written), "\r\n", "\n")
	if output != "" && !strings.HasSuffix(output, "\n") {
		output += "\n"
	}
	return output, errors.Join(err, ctx.Err())
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
