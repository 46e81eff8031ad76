package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestContractInferAndDiff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const page = "../../otelmetrics/testdata/exposition.txt"
	c := command(t, nil, "contract", "--infer", page)
	inferred, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "inferred.yaml")
	if err := os.WriteFile(file, inferred, 0o600); err != nil {
		t.Fatal(err)
	}
	weaver, err := command(t, nil, "contract", "--format=weaver").Output()
	if err != nil {
		t.Fatal(err)
	}
	exported := filepath.Join(dir, "weaver.yaml")
	if err := os.WriteFile(exported, weaver, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"its own page":        {[]string{"check", "--strict", "--contract", file, page}, 0, []string{"clean"}},
		"in OpenMetrics":      {[]string{"check", "--contract", file, "../../otelmetrics/testdata/openmetrics.txt"}, 0, []string{"clean"}},
		"remarks":             {[]string{"contract", "--infer", page}, 0, []string{"# DECIDE:", "histogram_type: classic_histogram"}},
		"exported and back":   {[]string{"contract", "--diff", exported, "--fail-on=documentation"}, 0, []string{"The metric contract is the same."}},
		"exported is kept":    {[]string{"check", "--strict", "--contract", exported, page}, 0, []string{"clean"}},
		"breaking":            {[]string{"contract", "--diff", exported, "--with", file}, 1, []string{"| breaking |", "the contract changed: "}},
		"never":               {[]string{"contract", "--diff", exported, "--with", file, "--fail-on=never", "--format=json"}, 0, []string{`"impact": "breaking"`}},
		"nothing to infer":    {[]string{"contract", "--infer"}, 2, []string{"--infer needs either targets"}},
		"targets for nothing": {[]string{"contract", page}, 2, []string{"targets and --otlp need --infer"}},
		"no such target":      {[]string{"contract", "--infer", dir + "/none"}, 2, []string{"no such file"}},
		"both":                {[]string{"contract", "--infer", "--diff", file, page}, 2, []string{"exclude each other"}},
		"git without path":    {[]string{"contract", "--diff", "git:latest"}, 2, []string{"needs --with"}},
		"no such revision":    {[]string{"contract", "--diff", "git:no-such-revision", "--with", "main.go"}, 2, []string{"git archive: "}},
		"an option":           {[]string{"contract", "--diff", "git:--output=x", "--with", "main.go"}, 2, []string{"is not a revision"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, test.code, test.want, test.args...)
		})
	}
}
