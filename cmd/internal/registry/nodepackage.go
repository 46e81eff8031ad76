package registry

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// nodePackage reads the conventions from the npm package
// @opentelemetry/semantic-conventions. It has the names of metrics and what their
// comments say, but neither instruments nor units nor attributes, so a contract
// of it says only which metrics there are.
func nodePackage(folder string) (contract.Contract, error) {
	constant := regexp.MustCompile(`(?s)(/\*\*(?:[^*]|\*[^/])*\*/\s*)?(?:export )?declare const METRIC_[A-Z0-9_]+\s*:\s*["']([^"'\n]+)["']`)
	var c contract.Contract
	files, err := declarations(folder)
	if err != nil {
		return c, err
	}
	size := 0
	for _, place := range files {
		raw, err := os.ReadFile(place) //nolint:gosec // below the folder that the user names.
		if err != nil {
			return c, err
		}
		if size += len(raw); size > maxBytes {
			return c, fmt.Errorf("%s: the files are larger than %d bytes", folder, maxBytes)
		}
		for _, found := range constant.FindAllStringSubmatch(string(raw), -1) {
			comment, name := found[1], found[2]
			if slices.ContainsFunc(c.Metrics, func(m contract.Metric) bool { return m.Stream == name }) {
				continue
			}
			m := contract.Metric{Stream: name, OpenLabels: true, Help: about(comment), Terms: contract.Terms{Level: contract.Optional, Stability: contract.Stable}}
			if strings.Contains(comment, "@experimental") {
				m.Stability = "development"
			}
			if _, why, ok := strings.Cut(comment, "@deprecated"); ok {
				m.Deprecated = contract.Sentence(strings.Trim(strings.ReplaceAll(why, "*/", ""), " *\n"))
			}
			c.Metrics = append(c.Metrics, m)
		}
	}
	if len(c.Metrics) == 0 {
		return c, fmt.Errorf("%s: no metric is defined in this npm package: want @opentelemetry/semantic-conventions", folder)
	}
	return c, nil
}

// about is the first sentence of a comment.
func about(comment string) string {
	for line := range strings.Lines(comment) {
		if text := strings.TrimSpace(strings.Trim(strings.TrimSpace(line), "/*")); text != "" {
			if strings.HasPrefix(text, "@") {
				return ""
			}
			return contract.Sentence(text)
		}
	}
	return ""
}

// declarations are the files that declare metrics, in an order that stays. A
// package has them for more than one kind of module.
func declarations(folder string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "node_modules" && path != folder:
			return filepath.SkipDir
		}
		name := entry.Name()
		if entry.Type().IsRegular() && strings.Contains(name, "metrics.d.") && strings.HasSuffix(name, "ts") {
			files = append(files, path)
		}
		if len(files) > maxFiles {
			return fmt.Errorf("%s: more than %d files", folder, maxFiles)
		}
		return nil
	})
	return files, err
}
