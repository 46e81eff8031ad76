package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// inhibition is a rule of prometheus/alertmanager.yml.
type inhibition struct {
	Source []string `yaml:"source_matchers"`
	Target []string `yaml:"target_matchers"`
	Equal  []string
}

// posted is an alert of which Alertmanager is told, and what is expected of it.
type posted struct {
	what       string
	labels     map[string]string
	suppressed bool
}

// TestInhibitions has Alertmanager judge every pair of alerts that a rule of inhibition
// is about. The target is kept back by a source with the same labels, and by no other.
// Nothing has to fire for it: Alertmanager is told of the alerts.
func TestInhibitions(t *testing.T) {
	t.Parallel()
	in := install(t)
	am := in.notify(t)
	var all []posted
	for _, rule := range inhibitions(t) {
		pairs := 0
		for _, source := range chosen(t, rule.Source) {
			for _, target := range chosen(t, rule.Target) {
				if slices.Contains(rule.Equal, "alertname") && source.Alert != target.Alert {
					continue
				}
				pairs++
				all = append(all, judged(len(all), rule.Equal, source, target)...)
			}
		}
		if pairs == 0 {
			t.Errorf("%v is about no alert that there is", rule)
		}
	}
	t.Logf("%d alerts", len(all))
	am.tell(t, all)
	until(t, am.process, func() error { return am.judges(t, all) })
}

// judged are a pair of alerts, and others that resemble the target. The number makes a
// place of their own.
func judged(number int, equal []string, source, target rule) []posted {
	place := make(map[string]string)
	for _, label := range []string{"cluster", "namespace", "job", "service", "model", "instance", "exporter"} {
		place[label] = fmt.Sprint(label, number)
	}
	pair := source.Alert + " to " + target.Alert + " " + target.Labels["severity"]
	var out []posted
	post := func(of rule, what string, suppressed bool, without, changed string, at map[string]string) {
		labels := maps.Clone(at)
		maps.Copy(labels, of.Labels)
		labels["alertname"], labels["judged"] = of.Alert, fmt.Sprint(number, "-", len(out))
		delete(labels, without)
		if changed != "" {
			labels[changed] += "-other"
		}
		out = append(out, posted{fmt.Sprintf("%s: %s: %v", pair, what, labels), labels, suppressed})
	}
	post(source, "the source", false, "", "", place)
	post(target, "the target", true, "", "", place)
	for _, label := range equal {
		if label != "alertname" {
			post(target, "the target with another "+label, false, "", label, place)
		}
	}
	// What is of a model has no service, and the other way round. A label that both
	// lack is equal.
	for _, label := range []string{"service", "model"} {
		if slices.Contains(equal, label) {
			elsewhere := make(map[string]string)
			for key, value := range place {
				elsewhere[key] = value + "-without-" + label
			}
			post(target, "the target without "+label, false, label, "", place)
			post(source, "the source without "+label, false, label, "", elsewhere)
			post(target, "the target, both without "+label, true, label, "", elsewhere)
			post(target, "the target of a source without "+label, false, "", "", elsewhere)
		}
	}
	return out
}

func inhibitions(t *testing.T) []inhibition {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(shipped, "alertmanager.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Rules []inhibition `yaml:"inhibit_rules"`
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Rules) == 0 {
		t.Fatal("there are no rules of inhibition")
	}
	return file.Rules
}

// chosen are the shipped alerts that matchers match, once for each severity and path.
func chosen(t *testing.T, matchers []string) []rule {
	t.Helper()
	found := make(map[string]rule)
	for _, r := range shippedRules(t) {
		labels := maps.Clone(r.Labels)
		if labels == nil {
			labels = make(map[string]string)
		}
		labels["alertname"] = r.Alert
		matches := r.Alert != ""
		for _, text := range matchers {
			parts := regexp.MustCompile(`^(\w+) (=~?) "(.*)"$`).FindStringSubmatch(text)
			if parts == nil {
				t.Fatalf("matcher %q: unlike label = \"value\" and label =~ \"pattern\"", text)
			}
			pattern := regexp.QuoteMeta(parts[3])
			if parts[2] == "=~" {
				pattern = parts[3]
			}
			matches = matches && regexp.MustCompile("^(?:"+pattern+")$").MatchString(labels[parts[1]])
		}
		if matches {
			found[r.Alert+r.Labels["severity"]+r.Labels["path"]] = r
		}
	}
	return slices.Collect(maps.Values(found))
}

// tell posts alerts as Prometheus does.
func (a *alertmanager) tell(t *testing.T, all []posted) {
	t.Helper()
	type message struct {
		Labels map[string]string `json:"labels"`
		EndsAt time.Time         `json:"endsAt"`
	}
	var messages []message
	for _, one := range all {
		messages = append(messages, message{one.labels, time.Now().Add(time.Hour)})
	}
	body, err := json.Marshal(messages)
	if err != nil {
		t.Fatal(err)
	}
	status, _, answer, err := exchange(t, http.MethodPost, "http://"+a.address+"/api/v2/alerts", body)
	if err != nil || status != http.StatusOK {
		t.Fatalf("got %d %s: %v", status, answer, err)
	}
}

// judges reports whose state is not the expected one.
func (a *alertmanager) judges(t *testing.T, all []posted) error {
	t.Helper()
	list, err := a.list(t)
	if err != nil {
		return err
	}
	by := make(map[string]alert)
	for _, one := range list {
		by[one.Labels["judged"]] = one
	}
	var errs []error
	for _, one := range all {
		got, ok := by[one.labels["judged"]]
		want := "active"
		if one.suppressed {
			want = "suppressed"
		}
		if !ok || got.Status.State != want || one.suppressed != (len(got.Status.InhibitedBy) > 0) {
			errs = append(errs, fmt.Errorf("%s: got %+v, want it %s", one.what, got.Status, want))
		}
	}
	return errors.Join(errs...)
}
