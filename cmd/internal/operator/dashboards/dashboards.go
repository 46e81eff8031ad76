// Package dashboards builds the Grafana dashboards of this repository from the
// contract, so that a panel cannot ask for a metric, a label or a bucket that
// does not exist.
//
// They are in Grafana's classic model, which its file provisioning reads. Every
// query is over raw series and works for classic and native histograms alike, but
// for the board of objectives, which reads what the rules record: a month of raw
// series is too much to be read anew every 30 seconds. A ratio is zero when nothing
// went wrong, and absent, never NaN, when nothing happened.
package dashboards

import (
	"fmt"
	"slices"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/views"
)

//go:generate go test . -run ^TestFiles$ -update

// Files returns the dashboards, by file name. The same arguments give the same
// bytes. A metric that the contract does not have, one that is the zero
// [views.Metric], leaves out the panels about it. A label of the user's own
// brings a variable and a row of panels, a metric a panel.
func Files(contract views.Contract, objectives slo.Objectives) (map[string][]byte, error) {
	if err := objectives.Validate(contract.Metrics.PredictionDuration); err != nil {
		return nil, fmt.Errorf("objectives: %w", err)
	}
	for _, label := range contract.Labels.Own {
		if slices.Contains([]string{"datasource", objective, latencyObjective}, label.Key) {
			return nil, fmt.Errorf("label %q: the dashboards already have a variable with this name: choose another one", label.Key)
		}
	}
	p := writer{labels: contract.Labels, metrics: contract.Metrics, objectives: objectives}
	files := make(map[string][]byte)
	for _, b := range []board{p.overview(), p.slo(), p.genai()} {
		file, err := b.encode()
		if err != nil {
			return nil, fmt.Errorf("dashboard %q: %w", b.uid, err)
		}
		files[b.uid+".json"] = file
	}
	return files, nil
}
