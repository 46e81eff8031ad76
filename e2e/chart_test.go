package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

const chart = "../charts/dspy-metrics"

// scaledObject is KEDA's type as far as the chart uses it: a field that is not
// here is a mistake, or a new use.
type scaledObject struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            struct {
		ScaleTargetRef  struct{ Name string }
		MinReplicaCount int32
		MaxReplicaCount int32
		CooldownPeriod  int32
		Triggers        []struct {
			Type, MetricType string
			Metadata         map[string]string
		}
	}
}

// release is what helm makes of the chart, decoded strictly by the types of
// Kubernetes, the Prometheus operator and KEDA.
type release struct {
	deployment  apps.Deployment
	services    []core.Service
	configMaps  []core.ConfigMap
	budget      *policy.PodDisruptionBudget
	network     *networking.NetworkPolicy
	pods        *monitoring.PodMonitor
	service     *monitoring.ServiceMonitor
	rules       *monitoring.PrometheusRule
	hpa         *autoscaling.HorizontalPodAutoscaler
	keda        *scaledObject
	test        core.Pod
	kindsByName map[string]bool
}

// helm runs helm on the chart, and returns what it wrote on standard output.
func helm(t *testing.T, arguments ...string) ([]byte, error) {
	t.Helper()
	home := t.TempDir()
	command := exec.CommandContext(t.Context(), locate(t, "helm"), arguments...)
	command.Env = append(environment(), "HOME="+home, "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		err = fmt.Errorf("helm %q: %w\n%s%s", arguments, err, out, stderr.Bytes())
	}
	return out, err
}

// template renders the chart with the values, written as "name=JSON".
func template(t *testing.T, name string, values ...string) release {
	t.Helper()
	arguments := []string{"template", name, chart, "--namespace", "qa", "--kube-version", "1.30"}
	for _, value := range values {
		arguments = append(arguments, "--set-json", value)
	}
	out, err := helm(t, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, out)
}

func decode(t *testing.T, manifests []byte) release {
	t.Helper()
	r := release{kindsByName: map[string]bool{}}
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(manifests)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return r
		}
		if err != nil {
			t.Fatal(err)
		}
		var head struct {
			meta.TypeMeta   `json:",inline"`
			meta.ObjectMeta `json:"metadata"`
		}
		if err := yaml.Unmarshal(document, &head); err != nil {
			t.Fatalf("%v in:\n%s", err, document)
		}
		if head.Kind == "" {
			continue
		}
		key := head.Kind + " " + head.Name
		if r.kindsByName[key] {
			t.Errorf("%s: twice", key)
		}
		r.kindsByName[key] = true
		if len(head.Name) > 63 {
			t.Errorf("%s: the name is too long", key)
		}
		if err := yaml.UnmarshalStrict(document, r.into(t, head.APIVersion+" "+head.Kind)); err != nil {
			t.Errorf("%s: %v in:\n%s", key, err, document)
		}
	}
}

// into is where an object of the kind belongs.
func (r *release) into(t *testing.T, kind string) any {
	t.Helper()
	switch kind {
	case "apps/v1 Deployment":
		return &r.deployment
	case "v1 Pod":
		return &r.test
	case "v1 Service":
		r.services = append(r.services, core.Service{})
		return &r.services[len(r.services)-1]
	case "v1 ConfigMap":
		r.configMaps = append(r.configMaps, core.ConfigMap{})
		return &r.configMaps[len(r.configMaps)-1]
	case "policy/v1 PodDisruptionBudget":
		r.budget = new(policy.PodDisruptionBudget)
		return r.budget
	case "networking.k8s.io/v1 NetworkPolicy":
		r.network = new(networking.NetworkPolicy)
		return r.network
	case "monitoring.coreos.com/v1 PodMonitor":
		r.pods = new(monitoring.PodMonitor)
		return r.pods
	case "monitoring.coreos.com/v1 ServiceMonitor":
		r.service = new(monitoring.ServiceMonitor)
		return r.service
	case "monitoring.coreos.com/v1 PrometheusRule":
		r.rules = new(monitoring.PrometheusRule)
		return r.rules
	case "autoscaling/v2 HorizontalPodAutoscaler":
		r.hpa = new(autoscaling.HorizontalPodAutoscaler)
		return r.hpa
	case "keda.sh/v1alpha1 ScaledObject":
		r.keda = new(scaledObject)
		return r.keda
	default:
		t.Fatalf("%s: not expected", kind)
		return nil
	}
}

func (r *release) app(t *testing.T) core.Container {
	t.Helper()
	if n := len(r.deployment.Spec.Template.Spec.Containers); n != 1 {
		t.Fatalf("got %d containers, want 1", n)
	}
	return r.deployment.Spec.Template.Spec.Containers[0]
}

// variants are values that between them reach every part of the templates.
func variants() map[string][]string {
	return map[string][]string{
		"default":  nil,
		"upstream": {`upstream="http://program:8000"`, `routes=["/predict","/qa/{id}=cot"]`, `flags={"timeout":"5m","pass":["GET /v1/models","/docs/{rest...}"]}`, `cache.kind="memory"`, `readiness.upstream="attempts"`},
		"sidecar":  {`program.enabled=true`, `program.image.repository="registry.example.com/qa"`, `program.env=[{"name":"DSPY_LM","value":"openai/gpt-4o-mini"}]`},
		"secrets":  {`cache={"kind":"redis","redisSecret":{"name":"redis"}}`, `webConfig.secret="web"`, `envFrom=[{"secretRef":{"name":"otlp"}}]`, `imagePullSecrets=[{"name":"registry"}]`},
		"contract": {`contract="own_labels:\n  tenant: {description: The customer., budget: 3}\n"`, `flags={"label":"tenant=header:X-Tenant"}`},
		"hpa":      {`autoscaling.kind="hpa"`, `maxConcurrency=10`, `monitor.kind="ServiceMonitor"`, `monitor.labels={"release":"prometheus"}`},
		"keda":     {`autoscaling.kind="keda"`, `networkPolicy.egress.enabled=true`},
		"bare":     {`monitor.kind="none"`, `prometheusRule.enabled=false`, `dashboards.enabled=false`, `networkPolicy.enabled=false`, `podDisruptionBudget.enabled=false`},
		"placed":   {`nodeSelector={"disk":"ssd"}`, `tolerations=[{"key":"gpu","operator":"Exists"}]`, `affinity={"podAntiAffinity":{}}`, `topologySpreadConstraints=[{"maxSkew":2,"topologyKey":"rack","whenUnsatisfiable":"DoNotSchedule"}]`, `podLabels={"team":"qa"}`, `podAnnotations={"note":"x"}`},
	}
}

func TestChartLints(t *testing.T) {
	t.Parallel()
	for name, values := range variants() {
		arguments := []string{"lint", "--strict", "--kube-version", "1.30", chart}
		for _, value := range values {
			arguments = append(arguments, "--set-json", value)
		}
		if _, err := helm(t, arguments...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What selects, selects the pods; ports and probes name what there is; whatever
// the release is called.
func TestChartRefersToWhatThereIs(t *testing.T) {
	t.Parallel()
	for variant, values := range variants() {
		for _, name := range []string{"qa", "dspy-metrics", strings.Repeat("long-", 10)} {
			r := template(t, strings.TrimSuffix(name, "-"), values...)
			labels := r.deployment.Spec.Template.Labels
			selectors := map[string]map[string]string{"Deployment": r.deployment.Spec.Selector.MatchLabels}
			ports := map[string]string{}
			for _, service := range r.services {
				selectors["Service "+service.Name] = service.Spec.Selector
				ports["Service "+service.Name] = service.Spec.Ports[0].TargetPort.StrVal
			}
			if r.budget != nil {
				selectors["PodDisruptionBudget"] = r.budget.Spec.Selector.MatchLabels
			}
			if r.network != nil {
				selectors["NetworkPolicy"] = r.network.Spec.PodSelector.MatchLabels
				for i, rule := range r.network.Spec.Ingress {
					ports[fmt.Sprint("NetworkPolicy ", i)] = rule.Ports[0].Port.StrVal
				}
			}
			if r.pods != nil {
				selectors["PodMonitor"] = r.pods.Spec.Selector.MatchLabels
				ports["PodMonitor"] = *r.pods.Spec.PodMetricsEndpoints[0].Port
			}
			for i, constraint := range r.deployment.Spec.Template.Spec.TopologySpreadConstraints {
				if constraint.LabelSelector != nil {
					selectors[fmt.Sprint("topology ", i)] = constraint.LabelSelector.MatchLabels
				}
			}
			for what, selector := range selectors {
				if len(selector) == 0 || !includes(labels, selector) {
					t.Errorf("%s, %s: %s: got selector %v, want one of the pods' labels %v", variant, name, what, selector, labels)
				}
			}
			if r.service != nil && !slices.ContainsFunc(r.services, func(s core.Service) bool {
				return includes(s.Labels, r.service.Spec.Selector.MatchLabels) && s.Spec.Ports[0].Name == r.service.Spec.Endpoints[0].Port
			}) {
				t.Errorf("%s, %s: the ServiceMonitor selects no Service with its port", variant, name)
			}
			var have []string
			for _, port := range r.app(t).Ports {
				have = append(have, port.Name)
			}
			for what, port := range ports {
				if !slices.Contains(have, port) {
					t.Errorf("%s, %s: port of %s: got %q, want one of %q", variant, name, what, port, have)
				}
			}
			if got := probed(t, r.app(t)); got != "http" {
				t.Errorf("%s, %s: the probes ask port %q", variant, name, got)
			}
			for _, scaled := range []string{hpaTarget(r), kedaTarget(r)} {
				if scaled != "" && (scaled != r.deployment.Name || r.deployment.Spec.Replicas != nil) {
					t.Errorf("%s, %s: %s is scaled, with %v replicas in %s", variant, name, scaled, r.deployment.Spec.Replicas, r.deployment.Name)
				}
			}
		}
	}
}

func hpaTarget(r release) string {
	if r.hpa == nil {
		return ""
	}
	return r.hpa.Spec.ScaleTargetRef.Name
}

func kedaTarget(r release) string {
	if r.keda == nil {
		return ""
	}
	return r.keda.Spec.ScaleTargetRef.Name
}

// The values do what values.yaml says of them.
func TestChartValues(t *testing.T) {
	t.Parallel()
	r := template(t, "qa", variants()["upstream"]...)
	for _, want := range []string{
		"--upstream=http://program:8000", "--route=/predict", "--route=/qa/{id}=cot", "--cache=memory",
		"--timeout=5m", "--pass=GET /v1/models", "--pass=/docs/{rest...}", "--max-concurrency=64", "--ready-upstream=attempts",
	} {
		if !slices.Contains(r.app(t).Args, want) {
			t.Errorf("got arguments %q, want %s", r.app(t).Args, want)
		}
	}
	app := r.app(t)
	if limit, heap := app.Resources.Limits.Memory().Value(), environmentVariable(t, app, "GOMEMLIMIT").Value; heap != strconv.FormatInt(limit*4/5, 10) {
		t.Errorf("got GOMEMLIMIT %s, want four fifths of %d", heap, limit)
	}
	r = template(t, "qa", variants()["sidecar"]...)
	pod := r.deployment.Spec.Template.Spec
	if len(pod.InitContainers) != 1 || *pod.InitContainers[0].RestartPolicy != core.ContainerRestartPolicyAlways || !slices.Contains(r.app(t).Args, "--upstream=http://127.0.0.1:8000") ||
		!slices.Contains(r.app(t).Args, "--ready-upstream=/health") {
		t.Errorf("got %v and %q, want a sidecar that is the upstream", pod.InitContainers, r.app(t).Args)
	}
	r = template(t, "qa", variants()["secrets"]...)
	if source := environmentVariable(t, r.app(t), "DSPY_METRICS_CACHE").ValueFrom; source.SecretKeyRef.Name != "redis" || source.SecretKeyRef.Key != "url" {
		t.Errorf("got %v, want the URL of Redis from its Secret", source)
	}
	if scheme := r.app(t).ReadinessProbe.HTTPGet.Scheme; scheme != core.URISchemeHTTPS {
		t.Errorf("got scheme %s of a probe, want HTTPS", scheme)
	}
	if target := template(t, "qa", variants()["hpa"]...).hpa.Spec.Metrics[0].Pods.Target.AverageValue; target.Value() != 7 {
		t.Errorf("got target %s, want 7 of 10", target)
	}
	query := template(t, "qa", variants()["keda"]...).keda.Spec.Triggers[0].Metadata["query"]
	if want := `sum(dspy_active_predictions{job="dspy-metrics",namespace="qa",pod=~"qa-dspy-metrics-.+"}) / avg(dspy_active_predictions_limit{job="dspy-metrics",namespace="qa",pod=~"qa-dspy-metrics-.+"})`; query != want {
		t.Errorf("got query %s, want %s", query, want)
	}
	if policies := template(t, "qa", variants()["keda"]...).network.Spec.PolicyTypes; len(policies) != 2 {
		t.Errorf("got policy types %v, want both", policies)
	}
	if r := template(t, "qa", variants()["bare"]...); r.pods != nil || r.service != nil || r.rules != nil || r.network != nil || r.budget != nil || len(r.configMaps) != 0 {
		t.Errorf("got %v, want no more than the service", r.kindsByName)
	}
}

func environmentVariable(t *testing.T, container core.Container, name string) core.EnvVar {
	t.Helper()
	i := slices.IndexFunc(container.Env, func(v core.EnvVar) bool { return v.Name == name })
	if i < 0 {
		t.Fatalf("there is no variable %s in %v", name, container.Env)
	}
	return container.Env[i]
}

// A value that cannot work is refused, and the message names it.
func TestChartRefuses(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`replica=3`:                        "replica",
		`upstream="program:8000"`:          "upstream",
		`routes=[]`:                        "routes",
		`maxConcurrency=0`:                 "maxConcurrency",
		`cache.kind="redis"`:               "redisSecret",
		`cache.kind="disk"`:                "cache",
		`flags={"listen":":80"}`:           "flags",
		`flags={"Timeout":"5m"}`:           "flags",
		`monitor.interval="5m"`:            "interval",
		`monitor.kind="Probe"`:             "kind",
		`autoscaling.targetSaturation=1.5`: "targetSaturation",
		`terminationGracePeriodSeconds=5`:  "terminationGracePeriodSeconds",
		`program.enabled=true`:             "program.image.repository",
		`resources.limits.memory="256MB"`:  `"256MB"`,
		`program={"enabled":true,"image":{"repository":"x"}} upstream="http://x"`: "exclude each other",
	} {
		arguments := []string{"template", "qa", chart}
		for part := range strings.SplitSeq(value, "} ") {
			if strings.Count(part, "{") > strings.Count(part, "}") {
				part += "}"
			}
			arguments = append(arguments, "--set-json", part)
		}
		if _, err := helm(t, arguments...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", value, err, want)
		}
	}
}

// The Pod Security Standard "restricted", for the pods of all variants.
func TestChartIsRestricted(t *testing.T) {
	t.Parallel()
	for variant, values := range variants() {
		r := template(t, "qa", values...)
		for _, pod := range []core.PodSpec{r.deployment.Spec.Template.Spec, r.test.Spec} {
			if err := restricted(pod); err != nil {
				t.Errorf("%s: %v", variant, err)
			}
		}
	}
}

// The chart has the rules and boards that this repository has, to the byte.
func TestChartHasRulesAndDashboards(t *testing.T) {
	t.Parallel()
	r := template(t, "qa")
	// The chart orders the groups by the names of their files.
	rules := build(t).rules.Spec
	slices.SortFunc(rules.Groups, byName)
	slices.SortFunc(r.rules.Spec.Groups, byName)
	if diff := cmp.Diff(rules, r.rules.Spec); diff != "" {
		t.Errorf("rules (-example +chart):\n%s", diff)
	}
	want, got := shippedDashboards(t), map[string]string{}
	for _, configMap := range r.configMaps {
		maps.Copy(got, configMap.Data)
		if content, err := json.Marshal(configMap); err != nil || len(content) > 1<<20 {
			t.Errorf("%s: %d bytes, %v", configMap.Name, len(content), err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("dashboards (-grafana +chart):\n%s", diff)
	}
}

func byName(a, b monitoring.RuleGroup) int { return strings.Compare(a.Name, b.Name) }

// The service runs with the arguments of the chart, on other ports: /metrics is
// where the monitor looks for it, and the probes answer.
func TestChartPodAnswers(t *testing.T) {
	t.Parallel()
	r := template(t, "qa", variants()["upstream"]...)
	app := r.app(t)
	var arguments []string
	metrics := freeAddress(t)
	for _, argument := range app.Args {
		switch {
		case strings.HasPrefix(argument, "--listen="):
			argument = "--listen=127.0.0.1:0"
		case strings.HasPrefix(argument, "--metrics-listen="):
			argument = "--metrics-listen=" + metrics
		case strings.HasPrefix(argument, "--log-format="):
			argument = "--log-format=text" // the address is read from it
		}
		arguments = append(arguments, argument)
	}
	s := startListening(t, []string{"GOMEMLIMIT=" + environmentVariable(t, app, "GOMEMLIMIT").Value}, binary, arguments...)
	for _, probe := range probes(app) {
		if err := healthy(t, "http://"+s.address+probe.HTTPGet.Path); err != nil {
			t.Error(err)
		}
	}
	status, _, page, err := exchange(t, http.MethodGet, "http://"+metrics+r.pods.Spec.PodMetricsEndpoints[0].Path, nil)
	if err != nil || status != http.StatusOK || !strings.Contains(string(page), `service="dspy-metrics"`) {
		t.Errorf("the path of the monitor: status %d, %v, %s", status, err, page)
	}
}
