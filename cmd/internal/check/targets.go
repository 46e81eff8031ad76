package check

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxTargets are as many as one run reads.
const maxTargets = 10_000

// Targets returns what a list of targets names, each once: a target may be a
// pattern of files, or a file with one target a line behind an @.
func Targets(named []string) ([]string, error) {
	var all []string
	add := func(target string) error {
		found, err := pattern(target)
		if err != nil {
			return err
		}
		for _, one := range found {
			if !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
		if len(all) > maxTargets {
			return fmt.Errorf("more than %d targets", maxTargets)
		}
		return nil
	}
	for _, target := range named {
		path, list := strings.CutPrefix(target, "@")
		if !list {
			if err := add(target); err != nil {
				return nil, err
			}
			continue
		}
		lines, err := listed(path)
		if err != nil {
			return nil, err
		}
		for _, line := range lines {
			if err := add(line); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	return all, nil
}

// pattern returns the files of a pattern. A target that is none stays.
func pattern(target string) ([]string, error) {
	if isURL(target) || !strings.ContainsAny(target, "*?[") {
		return []string{target}, nil
	}
	if _, err := os.Stat(target); err == nil {
		return []string{target}, nil
	}
	found, err := filepath.Glob(target)
	switch {
	case err != nil:
		return nil, fmt.Errorf("pattern %q: %w", target, err)
	case len(found) == 0:
		return nil, fmt.Errorf("no file matches the pattern %q", target)
	}
	return found, nil
}

// listed reads a list of targets: one a line, but empty lines and those that
// begin with #.
func listed(path string) ([]string, error) {
	file, err := os.Open(path) //nolint:gosec // The user names the file to read.
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	var lines []string
	scanner := bufio.NewScanner(io.LimitReader(file, 16<<20))
	for scanner.Scan() {
		if line := strings.TrimSpace(scanner.Text()); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 && scanner.Err() == nil {
		return nil, fmt.Errorf("%s: the list contains no targets", path)
	}
	return lines, scanner.Err()
}
