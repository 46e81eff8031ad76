package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// incident is one thing that goes wrong, or nothing, in a cluster and a namespace
// of its own, which have its name.
type incident struct {
	name string
	// want is the one alert that somebody is told of, by its key; empty for none.
	want string
	// held are alerts that Alertmanager knows of and keeps back.
	held  []string
	cause func(t *testing.T, f *fleet)
}

// incidents are those that real servers show within their time. The others have
// unit tests over series: docs/incidents.md says which.
func incidents() []incident {
	held := []string{"DSPyErrorBudgetBurn critical", "DSPyHighErrorRate warning"}
	return []incident{
		{"upstream-down", "DSPyOutage critical", held, func(t *testing.T, f *fleet) {
			f.asked(t, f.serve(t, "--upstream", "http://"+freeAddress(t)), clientPatience)
		}},
		{"upstream-hangs", "DSPyOutage critical", nil, func(t *testing.T, f *fleet) {
			f.asked(t, f.serve(t, "--upstream", f.upstream(t, 0, http.StatusOK)), time.Second)
		}},
		{"upstream-slow", "DSPyHighLatency critical", []string{"DSPyLatencyBudgetBurn critical", "DSPyHighLatency warning"}, func(t *testing.T, f *fleet) {
			f.asked(t, f.serve(t, "--upstream", f.upstream(t, 12*time.Second, http.StatusOK)), clientPatience)
		}},
		{"provider-429", "DSPyOutage critical", held, func(t *testing.T, f *fleet) {
			f.asked(t, f.serve(t, "--upstream", f.upstream(t, time.Millisecond, http.StatusTooManyRequests)), clientPatience)
		}},
		{"overload", "DSPyRefusing critical", []string{"DSPyErrorBudgetBurn critical"}, func(t *testing.T, f *fleet) {
			f.asked(t, f.serve(t, "--max-concurrency", "1", "--upstream", f.upstream(t, 2*time.Second, http.StatusOK)), clientPatience)
		}},
		{"bad-client", "DSPyBadRequests warning", nil, func(t *testing.T, f *fleet) {
			statuses := []int{http.StatusOK, http.StatusUnprocessableEntity, http.StatusOK}
			f.asked(t, f.serve(t, "--upstream", f.upstream(t, time.Millisecond, statuses...)), clientPatience)
		}},
		{"tiny-cache", "DSPyCacheThrashing warning", nil, func(t *testing.T, f *fleet) {
			f.asked(t, f.serve(t, "--cache", "memory", "--cache-max-bytes", "30000", "--upstream", f.upstream(t, time.Millisecond, http.StatusOK)), clientPatience)
		}},
		{"cardinality-attack", "DSPyLabelOverflow warning", nil, func(t *testing.T, f *fleet) {
			s := f.serve(t, "--upstream", f.upstream(t, time.Millisecond, http.StatusOK))
			f.ask(t, s, clientPatience, func(n int) string { return fmt.Sprintf(`{"prediction_type":"attack-%d","inputs":{"question":"?"}}`, n) })
		}},
		{"crash-loop", "DSPyRestarting critical", nil, crashLoop},
		{"dead-target", "DSPyDown critical", nil, func(t *testing.T, f *fleet) {
			s := f.serve(t)
			kill(t, s.process)
		}},
		{"one-of-two-targets-dead", "DSPyTargetDown warning", nil, func(t *testing.T, f *fleet) {
			f.serve(t)
			s := f.serve(t)
			kill(t, s.process)
		}},
		{"namespace-gone", "DSPyServiceAbsent critical scrape", nil, func(t *testing.T, f *fleet) {
			s := f.serve(t)
			f.recorded(t)
			f.targets(t, "dspy-metrics")
			// Prometheus applies a change of targets within seconds. Until then the
			// service that is gone would be a target that is down.
			f.until(t, fmt.Sprintf("absent(up{namespace=%q})", f.name))
			kill(t, s.process)
		}},
		{"pushed-service-gone", "DSPyServiceAbsent critical push", nil, func(t *testing.T, f *fleet) {
			s := f.push(t, f.prometheus.url()+"/api/v1/otlp")
			f.recorded(t)
			kill(t, s.process)
		}},
		{"collector-dead", "DSPyCollectorDown critical", []string{"DSPyServiceAbsent critical push"}, func(t *testing.T, f *fleet) {
			c := newCollector(t, f.prometheus.url())
			c.run(t)
			f.targets(t, "otel-collector", c.metrics)
			f.push(t, c.otlp)
			f.recorded(t)
			kill(t, c.process)
		}},
		{"idle-night", "", nil, func(t *testing.T, f *fleet) { f.serve(t) }},
		{"deployment", "", nil, deploy},
	}
}

// rate is how often a client asks: 20 predictions in 5 minutes are the least that
// the alerts on shares want to see.
const rate = 3 // a second

// scale is how much faster than real the alerts wait. Their order stays.
const scale = 60

// clientPatience is how long the clients wait for an answer.
const clientPatience = 30 * time.Second

// TestIncidents has every incident at the same time, each in a namespace of its own,
// and looks at what somebody is told: one alert each, and of some nothing. It is serial:
// a scrape that lacks a processor for five seconds would be one incident more.
func TestIncidents(t *testing.T) {
	in := install(t)
	hurry(t, in)
	told := &inboxes{got: make(map[string]map[string]time.Time)}
	am := in.alertTo(t, serveHTTP(t, told))
	address := freeAddress(t)
	all := incidents()
	groups := &groups{in: in, of: make(map[string][]group)}
	prometheus := in.run(t, address)

	begin := time.Now()
	var begun sync.WaitGroup
	for _, i := range all {
		f := &fleet{name: i.name, groups: groups, prometheus: prometheus}
		begun.Go(func() { i.cause(t, f) })
	}
	begun.Wait()
	t.Logf("all incidents have begun after %v", time.Since(begin).Round(time.Second))

	// As long again as the alert that waits longest, an hour at this scale, and twice
	// the window of the rates: whoever else would be told is told by then.
	quiet := time.Now().Add(time.Hour/scale + 2*window)
	held := make(map[string]map[string]bool)
	defer func() { t.Log(told.times(begin)) }()
	within(t, 2*patience, prometheus.process, func() error {
		if err := am.held(t, held); err != nil {
			return err
		}
		var missing []error
		for _, i := range all {
			if i.want != "" && !slices.Contains(told.keys(i.name), i.want) {
				missing = append(missing, fmt.Errorf("%s: %s was not sent", i.name, i.want))
			}
			for _, key := range i.held {
				if !held[i.name][key] {
					missing = append(missing, fmt.Errorf("%s: %s is not kept back", i.name, key))
				}
			}
		}
		if time.Now().Before(quiet) {
			missing = append(missing, errors.New("the time to look is not over"))
		}
		return errors.Join(missing...)
	})
	for _, i := range all {
		want := []string{i.want}
		if i.want == "" {
			want = nil
		}
		if got := told.keys(i.name); !slices.Equal(got, want) {
			t.Errorf("%s: somebody is told of %q, want %q", i.name, got, want)
		}
	}
}

// window is what the rates look back: 5 minutes, shortened so that what is gone is
// gone within the test.
const window = 20 * time.Second

// hurry has alerts wait a sixtieth of their time, and the rates look back shortly.
func hurry(t *testing.T, in installation) {
	t.Helper()
	for _, file := range []string{"slo-rules.yml", "alerts.yml"} {
		path := filepath.Join(in.dir, file)
		before, err := os.ReadFile(filepath.Join(shipped, file))
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for line := range strings.Lines(string(before)) {
			for _, key := range []string{"for", "keep_firing_for"} {
				name, value, found := strings.Cut(line, ": ")
				if !found || strings.TrimSpace(name) != key {
					continue
				}
				wait, err := time.ParseDuration(strings.TrimSpace(value))
				if err != nil {
					t.Fatal(err)
				}
				line = fmt.Sprintf("%s: %s\n", name, wait/scale)
			}
			if before, _, found := strings.Cut(line, "interval: "); found {
				line = before + "interval: 1s\n"
			}
			lines = append(lines, line)
		}
		if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in.rewrite(t, "recording-rules.yml", `\[5m\]`, "["+window.String()+"]")
	in.rewrite(t, "alerts.yml", `\[5m\]`, "["+window.String()+"]")
	in.rewrite(t, "alertmanager.yml", `group_wait: \w+`, "group_wait: 2s")
	in.rewrite(t, "alertmanager.yml", `group_interval: \w+`, "group_interval: 2s")
}

// group is a part of a file of targets.
type group struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// groups are the targets of all incidents, by job.
type groups struct {
	in installation
	mu sync.Mutex
	of map[string][]group
}

// fleet is what an incident happens to.
type fleet struct {
	name       string
	groups     *groups
	prometheus *prometheus
	addresses  []string
}

// targets replaces those of the incident.
func (f *fleet) targets(t *testing.T, job string, addresses ...string) {
	t.Helper()
	f.groups.mu.Lock()
	defer f.groups.mu.Unlock()
	kept := slices.DeleteFunc(f.groups.of[job], func(g group) bool { return g.Labels["namespace"] == f.name })
	if len(addresses) > 0 {
		kept = append(kept, group{addresses, map[string]string{"cluster": f.name, "namespace": f.name}})
	}
	f.groups.of[job] = kept
	content, err := json.Marshal(kept)
	if err != nil {
		t.Error(err)
		return
	}
	path := filepath.Join(f.groups.in.dir, "targets", job+".yml")
	if err := errors.Join(os.WriteFile(path+".new", content, 0o600), os.Rename(path+".new", path)); err != nil {
		t.Error(err)
	}
}

// serve starts a service that is scraped.
func (f *fleet) serve(t *testing.T, flags ...string) *service {
	t.Helper()
	s := serve(t, append([]string{"--service", "qa"}, flags...)...)
	f.addresses = append(f.addresses, s.address)
	f.targets(t, "dspy-metrics", f.addresses...)
	// A first look at an instance that does nothing yet: what is active then is not
	// what was active all the time.
	f.scrapes(t, len(f.addresses))
	return s
}

// push starts a service that pushes and is not scraped.
func (f *fleet) push(t *testing.T, endpoint string) *service {
	t.Helper()
	return serveWith(t, []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + endpoint, "OTEL_METRIC_EXPORT_INTERVAL=500",
		"OTEL_SERVICE_NAME=" + f.name, "OTEL_RESOURCE_ATTRIBUTES=cluster=" + f.name + ",namespace=" + f.name,
	}, "--service", "qa")
}

// scrapes waits until so many targets answer.
func (f *fleet) scrapes(t *testing.T, targets int) {
	t.Helper()
	f.until(t, fmt.Sprintf("sum(up{namespace=%q}) == %d", f.name, targets))
}

// recorded waits for the rate of the predictions.
func (f *fleet) recorded(t *testing.T) {
	t.Helper()
	f.until(t, fmt.Sprintf("cluster_namespace_job_service:dspy_predictions:rate5m{namespace=%q}", f.name))
}

func (f *fleet) until(t *testing.T, query string) {
	t.Helper()
	until(t, f.prometheus.process, func() error {
		result, err := f.prometheus.query(t, query)
		if err == nil && len(result) == 0 {
			err = fmt.Errorf("nothing yet: %s", query)
		}
		return err
	})
}

// upstream starts a program that takes a while, or for 0 forever, and answers with
// one status after the other.
func (f *fleet) upstream(t *testing.T, takes time.Duration, statuses ...int) (url string) {
	t.Helper()
	var mu sync.Mutex
	asked := 0
	return serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		_ = json.NewDecoder(r.Body).Decode(&body)
		var done <-chan time.Time
		if takes > 0 {
			done = time.After(takes)
		}
		select {
		case <-done:
		case <-r.Context().Done():
			return
		}
		mu.Lock()
		status := statuses[asked%len(statuses)]
		asked++
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		write(w, fmt.Sprintf(`{"prediction_type":"predict","outputs":{"answer":%q}}`, strings.Repeat("x", 2000)))
	}))
}

// asked has a client ask until the test ends, each question again after 40 others.
func (f *fleet) asked(t *testing.T, s *service, patience time.Duration) {
	t.Helper()
	f.ask(t, s, patience, func(n int) string { return fmt.Sprintf(`{"inputs":{"question":"Question %d?"}}`, n%40) })
}

func (f *fleet) ask(t *testing.T, s *service, patience time.Duration, question func(n int) string) {
	t.Helper()
	client := &http.Client{Timeout: patience}
	ctx := t.Context()
	go func() {
		pace := time.NewTicker(time.Second / rate)
		defer pace.Stop()
		for n := 0; ; n++ {
			select {
			case <-pace.C:
			case <-ctx.Done():
				return
			}
			go send(ctx, client, s.address, question(n))
		}
	}()
}

// send asks once; that there is no answer is what incidents are about.
func send(ctx context.Context, client *http.Client, address, question string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/predict", strings.NewReader(question))
	if err != nil {
		return
	}
	request.Header.Set("Content-Type", "application/json")
	if response, err := client.Do(request); err == nil {
		response.Body.Close()
	}
}

// crashLoop kills the service as soon as it was scraped, and starts it again where it
// was, four times.
func crashLoop(t *testing.T, f *fleet) {
	t.Helper()
	address := freeAddress(t)
	f.targets(t, "dspy-metrics", address)
	started := "0"
	for range 4 {
		s := start(t, binary, "serve", "--listen", address, "--service", "qa")
		until(t, f.prometheus.process, func() error {
			result, err := f.prometheus.query(t, fmt.Sprintf("process_start_time_seconds{namespace=%q} != %s", f.name, started))
			if err == nil && len(result) == 0 {
				err = errors.New("the service that was started anew was not scraped")
			}
			if err == nil {
				started = result[0].Value.String()
			}
			return err
		})
		kill(t, s)
	}
	start(t, binary, "serve", "--listen", address, "--service", "qa")
}

// deploy replaces one instance after the other by a new one.
func deploy(t *testing.T, f *fleet) {
	t.Helper()
	for _, s := range []*service{f.serve(t), f.serve(t)} {
		f.asked(t, f.serve(t), clientPatience)
		f.addresses = slices.DeleteFunc(f.addresses, func(address string) bool { return address == s.address })
		f.targets(t, "dspy-metrics", f.addresses...)
		f.scrapes(t, len(f.addresses))
		if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
	}
}

// inboxes keep what the receivers were sent, by namespace: when each alert came
// first.
type inboxes struct {
	mu  sync.Mutex
	got map[string]map[string]time.Time
}

func (i *inboxes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var message struct {
		Alerts []struct{ Labels map[string]string }
	}
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, a := range message.Alerts {
		namespace := a.Labels["namespace"]
		if i.got[namespace] == nil {
			i.got[namespace] = make(map[string]time.Time)
		}
		if key := (alert{Labels: a.Labels}).key(); i.got[namespace][key].IsZero() {
			i.got[namespace][key] = time.Now()
		}
	}
}

// keys returns what was sent about a namespace.
func (i *inboxes) keys(namespace string) []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Sorted(maps.Keys(i.got[namespace]))
}

// times tells after how long each was sent.
func (i *inboxes) times(begin time.Time) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	var lines []string
	for namespace, sent := range i.got {
		for key, at := range sent {
			lines = append(lines, fmt.Sprintf("%s: %s after %v", namespace, key, at.Sub(begin).Round(time.Second)))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// held adds the alerts that are kept back now.
func (a *alertmanager) held(t *testing.T, held map[string]map[string]bool) error {
	t.Helper()
	list, err := a.list(t)
	if err != nil {
		return err
	}
	for _, one := range list {
		if len(one.Status.InhibitedBy) == 0 {
			continue
		}
		namespace := one.Labels["namespace"]
		if held[namespace] == nil {
			held[namespace] = make(map[string]bool)
		}
		held[namespace][one.key()] = true
	}
	return nil
}

// The page says what the tests show.
func TestIncidentsAreDocumented(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../docs/incidents.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[string][]string)
	for line := range strings.Lines(string(content)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) != 6 || cells[0] == "Incident" || strings.HasPrefix(cells[0], "---") {
			continue
		}
		if name, _, _ := strings.Cut(cells[0], ","); cells[5] == "TestIncidents" {
			documented[name] = cells
			continue
		}
		test, err := os.ReadFile(filepath.Join(shipped, "tests", cells[5]))
		if err != nil || !strings.Contains(string(test), cells[1]) {
			t.Errorf("%s: no test of %s in %s: %v", cells[0], cells[1], cells[5], err)
		}
	}
	for _, i := range incidents() {
		cells := documented[i.name]
		delete(documented, i.name)
		if cells == nil {
			t.Errorf("%s is not documented", i.name)
			continue
		}
		alert, severity := "nothing", "–"
		if words := strings.Fields(i.want); len(words) > 1 {
			alert, severity = words[0], words[1]
		}
		held := "–"
		if len(i.held) > 0 {
			var names []string
			for _, key := range i.held {
				name, _, _ := strings.Cut(key, " ")
				names = append(names, name)
			}
			held = strings.Join(names, ", ")
		}
		if cells[1] != alert || cells[2] != severity || cells[4] != held {
			t.Errorf("%s: documented as %q, want %s, %s and %s", i.name, cells, alert, severity, held)
		}
	}
	for name := range documented {
		t.Errorf("%s is documented, and no incident of the test", name)
	}
}
