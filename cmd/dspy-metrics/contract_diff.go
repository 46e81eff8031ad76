package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/revision"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
	"github.com/dspy-metrics/dspy-metrics/internal/markdown"
)

// diff prints what changed from one contract to another.
func (c *contractCommand) diff(ctx context.Context) error {
	before, cleanup, err := c.before(ctx)
	if err != nil {
		return usageError{err}
	}
	defer cleanup()
	was, err := promisedBy("--diff", before)
	if err != nil {
		return err
	}
	is, err := promisedBy("--with", c.With)
	if err != nil {
		return err
	}
	changes := contract.Diff(was.Contract, is.Contract)
	text, err := c.changes(changes)
	if err == nil {
		err = write(os.Stdout, text)
	}
	if err != nil {
		return err
	}
	counts := make(map[contract.Impact]int)
	fails := 0
	for _, change := range changes {
		counts[change.Impact]++
		least := slices.Index(contract.Impacts(), contract.Impact(c.FailOn))
		if slices.Index(contract.Impacts(), change.Impact) <= least {
			fails++
		}
	}
	if fails > 0 {
		return fmt.Errorf("the contract changed: %d breaking, %d compatible, %d in documentation", counts[contract.Breaking], counts[contract.Compatible], counts[contract.Documentation])
	}
	return nil
}

// before is the path of the old contract. One of a git revision is put into a
// folder of its own for a while.
func (c *contractCommand) before(ctx context.Context) (path string, cleanup func(), err error) {
	name, ok := strings.CutPrefix(c.Diff, "git:")
	if !ok {
		return c.Diff, func() {}, nil
	}
	if c.With == "" {
		return "", nil, fmt.Errorf("--diff %s needs --with, the path of the contract in the repository", c.Diff)
	}
	folder, err := os.MkdirTemp("", "dspy-metrics-")
	if err != nil {
		return "", nil, err
	}
	cleanup = func() { _ = os.RemoveAll(folder) } // It is a temporary one.
	path, err = revision.Export(ctx, filepath.Clean(c.With), name, folder)
	if err != nil {
		cleanup()
		return "", nil, fmt.Errorf("--diff %s: %w", c.Diff, err)
	}
	return path, cleanup, nil
}

func (c *contractCommand) changes(changes []contract.Change) ([]byte, error) {
	if c.Format == "json" {
		if changes == nil {
			changes = []contract.Change{}
		}
		text, err := json.MarshalIndent(struct {
			Changes []contract.Change `json:"changes"`
		}{changes}, "", "  ")
		return append(text, '\n'), err
	}
	if len(changes) == 0 {
		return []byte("The metric contract is the same.\n"), nil
	}
	table := [][]string{{"change", "metric", "label", "what"}}
	for _, change := range changes {
		label := "–"
		if change.Label != "" {
			label = markdown.Code(change.Label)
		}
		table = append(table, []string{string(change.Impact), markdown.Code(change.Metric), label, markdown.Cell(change.Text)})
	}
	return []byte("## Changes of the metric contract\n\n" + markdown.Table(table)), nil
}
