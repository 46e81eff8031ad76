package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"go.yaml.in/yaml/v3"
)

// rule is what the tests read of a shipped rule.
type rule struct {
	Record, Alert, Expr string
	Labels, Annotations map[string]string
}

// shippedRules returns the rules of the shipped files.
func shippedRules(t *testing.T) []rule {
	t.Helper()
	var rules []rule
	for _, name := range []string{"recording-rules.yml", "slo-rules.yml", "alerts.yml"} {
		content, err := os.ReadFile(filepath.Join(shipped, name))
		if err != nil {
			t.Fatal(err)
		}
		var file struct{ Groups []struct{ Rules []rule } }
		if err := yaml.Unmarshal(content, &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, group := range file.Groups {
			rules = append(rules, group.Rules...)
		}
	}
	return rules
}

// ofRules returns what the rules ask for: what is recorded, under its name too, and
// what alerts wait for.
func ofRules(t *testing.T) []expression {
	t.Helper()
	var out []expression
	// Steps of five minutes over hours find nothing in a test of one: the tests of
	// Prometheus have the values.
	hours := regexp.MustCompile(`\[\d+[hd]:5m\]`)
	for _, r := range shippedRules(t) {
		if r.Record == "" {
			// Which alert fires when is what TestIncidents shows.
			out = append(out, expression{where: r.Alert, query: r.Expr, empty: true})
			continue
		}
		long := hours.MatchString(r.Expr)
		out = append(out, expression{where: r.Record, query: r.Expr, empty: long}, expression{where: r.Record, query: r.Record, empty: long})
	}
	return out
}
