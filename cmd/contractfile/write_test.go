package contractfile_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dspy-metrics/dspy-metrics/cmd/contractfile"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func many(format string, n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(parts, ", ")
}

// roundTrip writes a contract in both forms and reads it back.
func roundTrip(t *testing.T, want views.Contract) {
	t.Helper()
	for form, write := range map[string]func(views.Contract) ([]byte, error){"YAML": contractfile.YAML, "JSON": contractfile.JSON} {
		written, err := write(want)
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		if form == "JSON" && !json.Valid(written) {
			t.Fatalf("not JSON:\n%s", written)
		}
		got, err := contractfile.Read(bytes.NewReader(written), form)
		if err != nil {
			t.Fatalf("%v in:\n%s", err, written)
		}
		// Nothing and an empty list are the same.
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s (-want +got):\n%s\n%s", form, diff, written)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	roundTrip(t, views.Default())
	for _, path := range examples(t) {
		contract, err := contractfile.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		roundTrip(t, contract)
	}
}

func TestRoundTripOfRandomContracts(t *testing.T) {
	t.Parallel()
	for seed := range uint64(25) {
		contract := random(rand.New(rand.NewPCG(seed, seed)))
		if err := contract.Validate(); err != nil {
			t.Fatalf("seed %d: the contract is not valid: %v", seed, err)
		}
		roundTrip(t, contract)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// random returns a valid contract that may differ from the documented one in
// whatever a file can say.
func random(r *rand.Rand) views.Contract {
	c := views.Default()
	some := func() bool { return r.IntN(3) == 0 }
	odd := []string{"off", "true", "1.0", "~", "a: b", "- x", "#", "\u2028\u0085\x7f\t\n", "é\U0001f600", `"\'`, " ", "<<", "2001-01-01", "\U000e0001"}
	values := func() []string {
		var all []string
		for i := range r.IntN(5) {
			all = append(all, odd[r.IntN(len(odd))]+strings.Repeat("x", i))
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	change := func(l views.Label) views.Label {
		if values := values(); some() && len(values) > 0 {
			l = l.Only(values...)
		} else if some() {
			l.Values, l.Closed, l.Budget = values, false, 5+r.IntN(views.MaxBudget-5)
		}
		if some() {
			l.Description = odd[r.IntN(len(odd))]
		}
		return l
	}
	for range r.IntN(3) {
		name := fmt.Sprintf("own_%d", len(c.Labels.Own))
		var metrics []*views.Metric
		if some() {
			metrics = []*views.Metric{&c.Metrics.Cost, &c.Metrics.Errors}
		}
		c.AddLabel(change(views.Label{Key: name, Description: "Own", Budget: 3}), metrics...)
	}
	for _, name := range []string{"service", "status", "method", "error_type", "label"} {
		*c.Labels.Named(name) = change(*c.Labels.Named(name))
	}
	buckets := func() (all []float64) {
		for i := range 1 + r.IntN(5) {
			all = append(all, float64(i)*1e3+r.ExpFloat64()*math.Pow10(r.IntN(3)), float64(i+1)*1e3)
		}
		return all
	}
	for _, metric := range c.Metrics.All() {
		m := c.Metrics.Named(metric.Name)
		if m.Kind == views.Histogram && some() {
			m.Buckets, m.Form = buckets(), []views.Form{views.Classic, views.Native, views.ClassicAndNative}[r.IntN(3)]
		}
		if some() {
			r.Shuffle(len(m.Labels), func(i, j int) { m.Labels[i], m.Labels[j] = m.Labels[j], m.Labels[i] })
		}
		if some() {
			*m = views.Metric{}
		}
	}
	for i := range r.IntN(3) {
		own := views.Metric{
			Name: fmt.Sprintf("rag_%d_seconds", i), Instrument: fmt.Sprintf("rag.i%d", i),
			Kind:  []views.Kind{views.UpDownCounter, views.Gauge, views.Histogram}[r.IntN(3)],
			Float: r.IntN(2) == 0, Unit: "s", Description: fmt.Sprintf("Own: %d", i), Labels: []string{"service"},
		}
		if own.Kind == views.Histogram {
			own.Buckets, own.Form = buckets(), []views.Form{views.Classic, views.Native}[r.IntN(2)]
		}
		c.Metrics.Own = append(c.Metrics.Own, own)
	}
	return c
}

func TestWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*views.Contract)
		want   string
	}{
		"not valid":      {func(c *views.Contract) { c.Labels.Service.Budget = 0 }, "budget 0"},
		"metric renamed": {func(c *views.Contract) { c.Metrics.Errors.Name = "dspy_faults_total" }, "another name"},
		"unit changed":   {func(c *views.Contract) { c.Metrics.Errors.Unit = "{fault}" }, "the unit of"},
		"label removed":  {func(c *views.Contract) { c.Metrics.Errors.Labels = nil }, `the documented label "service" is missing`},
		"label renamed": {func(c *views.Contract) {
			c.Labels.Status.Key = "state"
			c.Metrics.Predictions.Labels = []string{"state"}
		}, `label "status" has another key`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contract := views.Default()
			test.change(&contract)
			if _, err := contractfile.YAML(contract); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// FuzzRead: no file makes the reader panic, and what it takes is a valid
// contract that can be written and read again.
func FuzzRead(f *testing.F) {
	f.Add("{}")
	f.Add("labels: {service: {only: [a, &x b]}, endpoint: {values: *x}}\n---\n")
	f.Add("metrics:\n  dspy_cost_usd_total: off\nown_metrics: {a_b: {kind: gauge, unit: \"{x}\", instrument: a.b, description: !!binary aGk=}}")
	for _, path := range examples(f) {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(content))
	}
	f.Fuzz(func(t *testing.T, file string) {
		contract, err := read(file)
		if err != nil {
			return
		}
		if err := contract.Validate(); err != nil {
			t.Fatalf("not valid: %v", err)
		}
		roundTrip(t, contract)
	})
}
