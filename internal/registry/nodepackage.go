package registry

import (
	"errors"
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
	constant := regexp.MustCompile(`(?s)(/\*\*(?:[^*]|\*[^/])*\*/\s*)?export (?:declare )?const METRIC_[A-Z0-9_]+\s*(?::|=)\s*["']([^"'\n]+)["']`)
	var c contract.Contract
	size := 0
	for _, place := range []string{"build/src/stable_metrics.d.ts", "build/src/experimental_metrics.d.ts", "src/stable_metrics.ts", "src/experimental_metrics.ts"} {
		raw, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(place))) //nolint:gosec // below the folder that the user names.
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
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
				m.Deprecated = sentence(strings.Trim(strings.ReplaceAll(why, "*/", ""), " *\n"))
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
			return sentence(text)
		}
	}
	return ""
}
