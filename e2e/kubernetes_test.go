package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const kubernetes = "../examples/kubernetes"

// cluster is what kubectl apply -k examples/kubernetes makes.
type cluster struct {
	deployment apps.Deployment
	service    core.Service
	budget     policy.PodDisruptionBudget
	network    networking.NetworkPolicy
	monitor    monitoring.ServiceMonitor
	rules      monitoring.PrometheusRule
	dashboards []core.ConfigMap
}

// build has kustomize build the example, with its default restrictions, and
// decodes each resource: a field that its type does not have is an error.
func build(t *testing.T) cluster {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), kubernetes)
	if err != nil {
		t.Fatal(err)
	}
	var c cluster
	kinds := map[string]any{
		"apps/v1 Deployment": &c.deployment, "v1 Service": &c.service,
		"policy/v1 PodDisruptionBudget": &c.budget, "networking.k8s.io/v1 NetworkPolicy": &c.network,
		"monitoring.coreos.com/v1 ServiceMonitor": &c.monitor, "monitoring.coreos.com/v1 PrometheusRule": &c.rules,
	}
	for _, resource := range resources.Resources() {
		content, err := resource.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		kind := resource.GetApiVersion() + " " + resource.GetKind()
		into, once := kinds[kind]
		delete(kinds, kind)
		if kind == "v1 ConfigMap" {
			c.dashboards = append(c.dashboards, core.ConfigMap{})
			into, once = &c.dashboards[len(c.dashboards)-1], true
		}
		if !once {
			t.Fatalf("%s %s: not expected, or twice", kind, resource.GetName())
		}
		if err := yaml.UnmarshalStrict(content, into); err != nil {
			t.Errorf("%s %s: %v", kind, resource.GetName(), err)
		}
	}
	if len(kinds) > 0 {
		t.Fatalf("missing: %q", slices.Collect(maps.Keys(kinds)))
	}
	return c
}

// containers are those of the pod: the sidecar, and the service.
func (c cluster) containers(t *testing.T) (sidecar, app core.Container) {
	t.Helper()
	pod := c.deployment.Spec.Template.Spec
	if len(pod.InitContainers) != 1 || len(pod.Containers) != 1 {
		t.Fatalf("got %d init containers and %d containers, want one each", len(pod.InitContainers), len(pod.Containers))
	}
	return pod.InitContainers[0], pod.Containers[0]
}

// What selects, selects the pods; ports and probes name what there is.
func TestKubernetesRefersToWhatThereIs(t *testing.T) {
	t.Parallel()
	c := build(t)
	labels := c.deployment.Spec.Template.Labels
	for what, selector := range map[string]map[string]string{
		"Deployment": c.deployment.Spec.Selector.MatchLabels, "Service": c.service.Spec.Selector,
		"PodDisruptionBudget": c.budget.Spec.Selector.MatchLabels, "NetworkPolicy": c.network.Spec.PodSelector.MatchLabels,
	} {
		if len(selector) == 0 || !includes(labels, selector) {
			t.Errorf("%s: got selector %v, want one of the pods' labels %v", what, selector, labels)
		}
	}
	if selector := c.monitor.Spec.Selector.MatchLabels; len(selector) == 0 || !includes(c.service.Labels, selector) {
		t.Errorf("ServiceMonitor: got selector %v, want one of the Service's labels %v", selector, c.service.Labels)
	}
	sidecar, app := c.containers(t)
	public := app.Ports[0].Name
	if len(app.Ports) != 1 || len(c.service.Spec.Ports) != 1 || len(c.monitor.Spec.Endpoints) != 1 || len(c.network.Spec.Ingress) != 1 || len(c.network.Spec.Ingress[0].Ports) != 1 {
		t.Fatal("there is more than one port that is public")
	}
	for what, got := range map[string]string{
		"Service":                  c.service.Spec.Ports[0].TargetPort.StrVal,
		"ServiceMonitor":           c.monitor.Spec.Endpoints[0].Port,
		"NetworkPolicy":            c.network.Spec.Ingress[0].Ports[0].Port.StrVal,
		"the name in the Service":  c.service.Spec.Ports[0].Name,
		"probes of the service":    probed(t, app),
		"not of the sidecar, then": strings.ReplaceAll(probed(t, sidecar), sidecar.Ports[0].Name, public),
	} {
		if got != public {
			t.Errorf("port of %s: got %q, want %q", what, got, public)
		}
	}
	for folder, container := range map[string]core.Container{"..": app, dspyService: sidecar} {
		if got, want := strconv.Itoa(int(container.Ports[0].ContainerPort)), entrypoint(t, folder, "EXPOSE")[0]; got != want {
			t.Errorf("%s: got port %s, want that of the image, %s", container.Name, got, want)
		}
	}
}

func includes(labels, selector map[string]string) bool {
	for name, value := range selector {
		if labels[name] != value {
			return false
		}
	}
	return true
}

// probes are all of a container, those that it lacks left out.
func probes(container core.Container) []*core.Probe {
	all := []*core.Probe{container.StartupProbe, container.LivenessProbe, container.ReadinessProbe}
	return slices.DeleteFunc(all, func(probe *core.Probe) bool { return probe == nil })
}

// probed returns the name of the port that all probes ask.
func probed(t *testing.T, container core.Container) string {
	t.Helper()
	var ports []string
	for _, probe := range probes(container) {
		ports = append(ports, probe.HTTPGet.Port.StrVal)
	}
	if ports = slices.Compact(ports); len(ports) != 1 {
		t.Errorf("%s: the probes ask the ports %q", container.Name, ports)
	}
	return ports[0]
}

// The pod may do little, and its memory and CPU are bounded.
func TestKubernetesIsRestricted(t *testing.T) {
	t.Parallel()
	c := build(t)
	if err := restricted(c.deployment.Spec.Template.Spec); err != nil {
		t.Error(err)
	}
	sidecar, app := c.containers(t)
	for _, container := range []core.Container{sidecar, app} {
		if container.Resources.Limits.Memory().IsZero() || container.Resources.Requests.Cpu().IsZero() {
			t.Errorf("%s: got resources %v, want a limit of memory and a request of CPU", container.Name, container.Resources)
		}
	}
}

// The sidecar outlives the service, which is not killed while it drains.
func TestKubernetesWaitsForTheDrain(t *testing.T) {
	t.Parallel()
	c := build(t)
	sidecar, app := c.containers(t)
	if sidecar.RestartPolicy == nil || *sidecar.RestartPolicy != core.ContainerRestartPolicyAlways || sidecar.StartupProbe == nil {
		t.Error("the init container is no sidecar that the service waits for")
	}
	grace := time.Duration(*c.deployment.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second
	longest := longestStop(t) + time.Duration(app.Lifecycle.PreStop.Sleep.Seconds)*time.Second
	if grace < longest {
		t.Errorf("got terminationGracePeriodSeconds %s, want %s at least", grace, longest)
	}
}

// The pod runs with the environment of the manifest, and its probes are asked.
func TestKubernetesPodAnswers(t *testing.T) {
	t.Parallel()
	sidecar, app := build(t).containers(t)
	program := newProgram(t, configured(t, sidecar))
	program.check = func(t *testing.T) error { return probe(t, sidecar, program.address) }
	program.runProgram(t)
	service := newApplication(t, configured(t, app), "127.0.0.1:8000", program.address)
	service.check = func(t *testing.T) error { return probe(t, app, service.address) }
	service.runApplication(t)
	variant := composeVariants()["dspy"]
	asked(t, service, "kubernetes", variant)
	status, _, _, err := exchange(t, http.MethodGet, "http://"+service.address+build(t).monitor.Spec.Endpoints[0].Path, nil)
	if err != nil || status != http.StatusOK {
		t.Errorf("the path of the ServiceMonitor: status %d, %v", status, err)
	}
}

// configured is a container as newContainer takes it.
func configured(t *testing.T, container core.Container) types.ServiceConfig {
	t.Helper()
	if len(container.Command) > 0 {
		t.Fatalf("%s: the command is not the image's", container.Name)
	}
	service := types.ServiceConfig{Name: container.Name, Command: container.Args, Environment: types.MappingWithEquals{}}
	for _, variable := range container.Env {
		service.Environment[variable.Name] = &variable.Value
	}
	return service
}

// probe asks all probes of a container.
func probe(t *testing.T, container core.Container, address string) error {
	t.Helper()
	for _, probe := range probes(container) {
		if err := healthy(t, "http://"+address+probe.HTTPGet.Path); err != nil {
			return err
		}
	}
	return nil
}

func TestKubernetesRulesAreThoseOfPrometheus(t *testing.T) {
	t.Parallel()
	var want []monitoring.RuleGroup
	for _, file := range []string{"recording-rules.yml", "slo-rules.yml", "alerts.yml"} {
		content, err := os.ReadFile(filepath.Join("../prometheus", file))
		if err != nil {
			t.Fatal(err)
		}
		var spec monitoring.PrometheusRuleSpec
		if err := yaml.UnmarshalStrict(content, &spec); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		want = append(want, spec.Groups...)
	}
	if diff := cmp.Diff(want, build(t).rules.Spec.Groups); diff != "" || len(want) == 0 {
		t.Errorf("groups (-prometheus +kubernetes):\n%s", diff)
	}
}

func TestKubernetesMonitorKeepsTheServiceLabel(t *testing.T) {
	t.Parallel()
	c := build(t)
	if !c.monitor.Spec.Endpoints[0].HonorLabels {
		t.Error("without honorLabels the operator's label service is the one that stays")
	}
	if c.monitor.Spec.JobLabel != "" {
		t.Errorf("got jobLabel %q, want none: the job is the name of the Service", c.monitor.Spec.JobLabel)
	}
	rules, err := json.Marshal(c.rules.Spec)
	if err != nil {
		t.Fatal(err)
	}
	if job := fmt.Sprintf(`{job=\"%s\"}`, c.service.Name); !strings.Contains(string(rules), job) {
		t.Errorf("no rule about %s, the job that the Service's name makes", job)
	}
}

// shippedDashboards returns the files of the dashboards by their names.
func shippedDashboards(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, path := range glob(t, "../grafana/dashboards/*.json") {
		files[filepath.Base(path)] = read(t, path)
	}
	return files
}

func TestKubernetesHasTheDashboards(t *testing.T) {
	t.Parallel()
	want := shippedDashboards(t)
	got := map[string]string{}
	for _, configMap := range build(t).dashboards {
		maps.Copy(got, configMap.Data)
		if configMap.Labels["grafana_dashboard"] != "1" {
			t.Errorf("%s: got labels %v, which the sidecar does not look for", configMap.Name, configMap.Labels)
		}
		if content, err := json.Marshal(configMap); err != nil || len(content) > 1<<20 {
			t.Errorf("%s: %d bytes, %v", configMap.Name, len(content), err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("dashboards (-grafana +kubernetes):\n%s", diff)
	}
}
