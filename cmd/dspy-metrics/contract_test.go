package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/contractfile"
)

const ragContract = "../../examples/contract/rag.yaml"

func TestContract(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte("labels:\n  servce: {budget: 1}\nmetrics: 7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fast := filepath.Join(t.TempDir(), "fast.yaml")
	if err := os.WriteFile(fast, []byte("metrics: {dspy_prediction_duration_seconds: {buckets: fast}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	stale := t.TempDir()
	for name, test := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"help":               {[]string{"--help"}, 0, []string{"Examples:", "Exit codes:", "--latency-bound", "(0.99)"}},
		"markdown":           {nil, 0, []string{"| `dspy_predictions_total` | counter |", "| `service` |"}},
		"with":               {[]string{"--with", ragContract}, 0, []string{"| `rag_documents_total` |", "| `tenant` | `acme`, `initech` | no | 2 |"}},
		"yaml":               {[]string{"--with", ragContract, "--format=yaml"}, 0, []string{"own_labels:\n  tenant:\n", "dspy_time_to_first_token_seconds: off\n"}},
		"json":               {[]string{"--with", ragContract, "--format=json"}, 0, []string{`"own_metrics": {`}},
		"weaver":             {[]string{"--format=weaver"}, 0, []string{"groups:\n", "metric_name: dspy_predictions_total\n"}},
		"schema":             {[]string{"--schema"}, 0, []string{`"$schema": "https://json-schema.org/draft/2020-12/schema"`}},
		"mistakes":           {[]string{"--with", broken}, 2, []string{"--with: the contract file has errors:\n" + broken + ":2:3: unknown label", broken + ":3:10: this is \"7\"", "contract --format yaml"}},
		"no file":            {[]string{"--with", broken + "x"}, 2, []string{"--with: open ", "no such file"}},
		"unknown format":     {[]string{"--format=xml"}, 2, []string{"markdown"}},
		"check of nothing":   {[]string{"--check"}, 2, []string{"--check needs --dashboards, --rules"}},
		"what is committed":  {[]string{"--check", "--dashboards=../../grafana/dashboards", "--rules=../../prometheus", "--prometheus-rule=../../examples/kubernetes/prometheusrule.yaml"}, 0, nil},
		"another contract":   {[]string{"--check", "--rules=../../prometheus", "--with", ragContract}, 1, []string{"alerts.yml differs", "run without --check"}},
		"other objectives":   {[]string{"--check", "--dashboards=../../grafana/dashboards", "--availability=0.999"}, 1, []string{"dspy-slo.json differs"}},
		"other budgets":      {[]string{"--check", "--rules=../../prometheus", "--daily-budget-model=a=1", "--daily-budget-model=b=2"}, 1, []string{"alerts.yml differs"}},
		"no budget":          {[]string{"--check", "--rules", stale, "--daily-budget-model=a=1", "--daily-budget-model=b=0"}, 2, []string{`daily budget 0 of the model "b" is not a valid amount`}},
		"budget of nothing":  {[]string{"--check", "--rules", stale, "--daily-budget-model=a"}, 2, []string{"--daily-budget-model", `got "a"`}},
		"not there":          {[]string{"--check", "--rules", stale}, 1, []string{"alerts.yml is missing"}},
		"bound not a bucket": {[]string{"--check", "--rules", stale, "--dashboards", stale, "--with", fast}, 2, []string{"latency bound 10 is not a bucket bound", "choose one of [0.001", "or add it to the buckets"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := command(t, nil, append([]string{"contract"}, test.args...)...)
			out, err := c.CombinedOutput()
			if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
				t.Fatal(err)
			}
			if got := c.ProcessState.ExitCode(); got != test.code {
				t.Errorf("got exit code %d, want %d:\n%s", got, test.code, out)
			}
			for _, want := range test.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("no %q in the output:\n%s", want, out)
				}
			}
		})
	}
}

// What was printed is a contract file, and what was written passes the check.
func TestContractRoundTrip(t *testing.T) {
	t.Parallel()
	printed, err := command(t, nil, "contract", "--with", ragContract, "--format=json").Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := contractfile.Read(bytes.NewReader(printed), "printed"); err != nil {
		t.Fatal(err)
	}
	directory := filepath.Join(t.TempDir(), "new")
	whole := filepath.Join(t.TempDir(), "whole.json")
	if err := os.WriteFile(whole, printed, 0o600); err != nil {
		t.Fatal(err)
	}
	arguments := []string{"contract", "--latency-bound=2.5", "--dashboards", directory, "--rules", directory, "--with"}
	if out, err := command(t, nil, append(arguments, ragContract)...).CombinedOutput(); err != nil || strings.Count(string(out), "wrote ") != 6 {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := command(t, nil, append(arguments, whole, "--check")...).CombinedOutput(); err != nil {
		t.Errorf("the same contract, whole: %v: %s", err, out)
	}
}

// The service keeps what the file promises, and says what it cannot.
func TestServeContract(t *testing.T) {
	t.Parallel()
	service := command(t, []string{"DSPY_METRICS_CONTRACT=" + ragContract, "DSPY_METRICS_LABELS=tenant=header:X-Tenant"}, "serve", "--listen=127.0.0.1:0", "--drain-delay=1ms")
	listening, log := began(t, service, "addr=")
	go func() { _, _ = io.Copy(io.Discard, log) }()
	for _, tenant := range []string{"acme", "somebody"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+listening+"/predict", strings.NewReader(`{"inputs":{"question":"Which labels?"}}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Tenant", tenant)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	for _, exposition := range []string{"text", "openmetrics"} {
		c := command(t, nil, "check", "--contract", ragContract, "--exposition", exposition, "http://"+listening+"/metrics")
		if out, err := c.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("as "+exposition+": 0 errors")) {
			t.Errorf("%s: %v\n%s", exposition, err, out)
		}
	}
	if out, err := command(t, nil, "check", "http://"+listening+"/metrics").CombinedOutput(); err == nil || !bytes.Contains(out, []byte(`"tenant" is not one of the metric`)) {
		t.Errorf("without the contract: %v\n%s", err, out)
	}
	if err := errors.Join(service.Process.Signal(os.Interrupt), service.Wait()); err != nil {
		t.Error(err)
	}
}

func TestServeContractMistakes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no file":       {[]string{"--contract=nowhere.yaml"}, "--contract: open "},
		"form":          {[]string{"--label=tenant"}, "use NAME=header:HEADER or NAME=field:FIELD"},
		"twice":         {[]string{"--contract", ragContract, "--label=tenant=header:A", "--label=tenant=header:B"}, `"tenant" is set twice`},
		"no such label": {[]string{"--contract", ragContract, "--label=model=field:model"}, `--label "model": the contract file does not add this label (it adds: tenant)`},
		"no contract":   {[]string{"--label=tenant=header:A"}, "does not add this label (it adds: none)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := command(t, nil, append([]string{"serve", "--listen=127.0.0.1:0"}, test.args...)...)
			out, _ := c.CombinedOutput()
			if got := c.ProcessState.ExitCode(); got != 2 || !strings.Contains(string(out), test.want) {
				t.Errorf("got exit code %d, want 2 with %q: %s", got, test.want, out)
			}
		})
	}
}

func TestServeTellsOfLabelsWithoutASource(t *testing.T) {
	t.Parallel()
	service := command(t, nil, "serve", "--contract", ragContract, "--listen=127.0.0.1:0", "--drain-delay=1ms")
	if got, _ := began(t, service, " label="); got != "tenant" {
		t.Errorf("got %q, want the label", got)
	}
	if err := service.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = service.Wait() // it was killed
}
