package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
)

// alertmanager is a running Alertmanager, and what its receivers were sent.
type alertmanager struct {
	*process
	address string
	sent    *inbox
}

// alert is one as Alertmanager tells it.
type alert struct {
	Labels, Annotations map[string]string
	Status              struct {
		State       string
		InhibitedBy []string
	}
	Receivers []struct{ Name string }
}

// key names the rule that the alert is of: a name may have a rule for each severity
// and for each path.
func (a alert) key() string {
	key := a.Labels["alertname"] + " " + a.Labels["severity"]
	if path := a.Labels["path"]; path != "" {
		key += " " + path
	}
	return key
}

// inbox keeps the alerts that came to a webhook, by their key.
type inbox struct {
	mu  sync.Mutex
	got map[string]alert
}

func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var message struct {
		Alerts []struct {
			Labels, Annotations map[string]string
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, sent := range message.Alerts {
		a := alert{Labels: sent.Labels, Annotations: sent.Annotations}
		i.got[a.key()] = a
	}
}

func (i *inbox) get(key string) (alert, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	a, ok := i.got[key]
	return a, ok
}

// notify starts Alertmanager with the configuration that is shipped, in which
// the receivers are webhooks of the test and nothing is waited for.
func (in installation) notify(t *testing.T) *alertmanager {
	t.Helper()
	sent := &inbox{got: make(map[string]alert)}
	in.rewrite(t, "alertmanager.yml", `(group_wait|group_interval): \w+`, "$1: 200ms")
	a := in.alertTo(t, serveHTTP(t, sent))
	a.sent = sent
	return a
}

// alertTo starts Alertmanager with receivers that are a webhook.
func (in installation) alertTo(t *testing.T, webhook string) *alertmanager {
	t.Helper()
	a := &alertmanager{address: freeAddress(t)}
	in.rewrite(t, "alertmanager.yml", `- name: (pages|tickets)\n`,
		fmt.Sprintf("- name: $1\n    webhook_configs: [{url: %q}]\n", webhook))
	a.process = start(t, "alertmanager",
		"--config.file="+filepath.Join(in.dir, "alertmanager.yml"),
		"--storage.path="+t.TempDir(),
		"--web.listen-address="+a.address,
		"--cluster.listen-address=")
	until(t, a.process, func() error { return healthy(t, "http://"+a.address+"/-/ready") })
	in.targets(t, "alertmanager", a.address)
	return a
}

// list returns the alerts that have not ended.
func (a *alertmanager) list(t *testing.T) ([]alert, error) {
	t.Helper()
	_, _, body, err := exchange(t, http.MethodGet, "http://"+a.address+"/api/v2/alerts", nil)
	if err != nil {
		return nil, err
	}
	var list []alert
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("%w: %s", err, body)
	}
	return list, nil
}

// alerts returns those that have not ended, by their key; of several with the
// same key, one.
func (a *alertmanager) alerts(t *testing.T) (map[string]alert, error) {
	t.Helper()
	list, err := a.list(t)
	if err != nil {
		return nil, err
	}
	alerts := make(map[string]alert)
	for _, one := range list {
		alerts[one.key()] = one
	}
	return alerts, nil
}
