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

// ofRules returns what the rules ask for: what is recorded, under its name too,
// and each side of what alerts compare.
func ofRules(t *testing.T) []expression {
	t.Helper()
	var out []expression
	// Nothing here gives scores, or is in Kubernetes.
	elsewhere := regexp.MustCompile(`prediction_score|kube_deployment`)
	for _, r := range shippedRules(t) {
		if elsewhere.MatchString(r.Expr) {
			out = append(out, expression{where: r.Record + r.Alert, query: r.Expr, empty: true})
			continue
		}
		if r.Record != "" {
			out = append(out, expression{where: r.Record, query: r.Expr}, expression{where: r.Record, query: r.Record})
			continue
		}
		for _, operand := range operands(parse(t, r.Expr)) {
			out = append(out, expression{where: r.Alert, query: operand.String()})
		}
	}
	return out
}
