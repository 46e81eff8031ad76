package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
)

// compose loads the file as docker compose --env-file does: with the
// specification's own loader, which checks the schema and the references.
func compose(t *testing.T, envFiles ...string) *types.Project {
	t.Helper()
	return composeWith(t, nil, envFiles...)
}

// composeWith is compose with variables of the shell.
func composeWith(t *testing.T, shell []string, envFiles ...string) *types.Project {
	t.Helper()
	paths := make([]string, len(envFiles))
	for i, file := range envFiles {
		paths[i] = filepath.Join("../examples/compose", file)
	}
	options, err := cli.NewProjectOptions([]string{"../docker-compose.yml"},
		cli.WithWorkingDirectory(".."), cli.WithEnv(shell), cli.WithEnvFiles(append(paths, os.DevNull)...), cli.WithDotEnv, cli.WithDefaultProfiles())
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// composeVariant is a way to start what the file has.
type composeVariant struct {
	envFiles []string
	services []string          // beside those that always run
	app      map[string]string // variables of the service that they set
	cache    string            // the cache_type of its cache
}

func composeVariants() map[string]composeVariant {
	upstream := map[string]string{"DSPY_METRICS_UPSTREAM": "http://dspy-service:8000", "DSPY_METRICS_ROUTES": "/predict,/predict/stream"}
	redis := map[string]string{"DSPY_METRICS_CACHE": "redis://redis:6379/0"}
	both := maps.Clone(upstream)
	maps.Copy(both, redis)
	return map[string]composeVariant{
		"offline": {nil, nil, nil, "memory"},
		"dspy":    {[]string{"dspy.env"}, []string{"dspy-service"}, upstream, "memory"},
		"redis":   {[]string{"redis.env"}, []string{"redis"}, redis, "redis"},
		"both":    {[]string{"dspy.env", "redis.env"}, []string{"dspy-service", "redis"}, both, "redis"},
		"swapped": {[]string{"redis.env", "dspy.env"}, []string{"dspy-service", "redis"}, both, "redis"},
	}
}

func TestComposeVariants(t *testing.T) {
	t.Parallel()
	for name, variant := range composeVariants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			project := compose(t, variant.envFiles...)
			services := slices.Sorted(slices.Values(append([]string{"alertmanager", "dspy-metrics", "grafana", "mail", "otel-collector", "prometheus"}, variant.services...)))
			if diff := cmp.Diff(services, slices.Sorted(maps.Keys(project.Services))); diff != "" {
				t.Errorf("services (-want +got):\n%s", diff)
			}
			app := project.Services["dspy-metrics"]
			set := map[string]string{"DSPY_METRICS_LOG_FORMAT": "json", "GOMEMLIMIT": "205MiB", "DSPY_METRICS_CACHE": "memory"}
			maps.Copy(set, variant.app)
			got := settings(app)
			if diff := cmp.Diff(set, got); diff != "" {
				t.Errorf("environment (-want +got):\n%s", diff)
			}
			for dependency, wait := range app.DependsOn {
				_, runs := project.Services[dependency]
				if wait.Condition != types.ServiceConditionHealthy || !runs && wait.Required {
					t.Errorf("%s: got condition %s, required %v, and it runs: %v", dependency, wait.Condition, wait.Required, runs)
				}
			}
			for _, service := range variant.services {
				if _, ok := app.DependsOn[service]; !ok {
					t.Errorf("the service does not wait for %s", service)
				}
			}
		})
	}
}

// settings are the variables that a service's environment has a value for.
func settings(service types.ServiceConfig) map[string]string {
	set := map[string]string{}
	for name, value := range service.Environment {
		if value != nil {
			set[name] = *value
		}
	}
	return set
}

func TestComposeTakesVariablesOfTheShell(t *testing.T) {
	t.Parallel()
	shell := map[string]string{
		"GRAFANA_ADMIN_PASSWORD": "changed", "DSPY_LM": "openai/gpt-4o-mini", "DSPY_LM_API_KEY": "key",
		"DSPY_METRICS_UPSTREAM": "http://host.docker.internal:8000",
	}
	var given []string
	for name, value := range shell {
		given = append(given, name+"="+value)
	}
	project := composeWith(t, given, "dspy.env")
	for service, names := range map[string]map[string]string{
		"grafana":      {"GF_SECURITY_ADMIN_PASSWORD": "GRAFANA_ADMIN_PASSWORD"},
		"dspy-service": {"DSPY_LM": "DSPY_LM", "DSPY_LM_API_KEY": "DSPY_LM_API_KEY"},
		"dspy-metrics": {"DSPY_METRICS_UPSTREAM": "DSPY_METRICS_UPSTREAM"},
	} {
		got := settings(project.Services[service])
		for inside, outside := range names {
			if got[inside] != shell[outside] {
				t.Errorf("%s: %s: got %q, want that of the shell, %q", service, inside, got[inside], shell[outside])
			}
		}
	}
	if hosts := project.Services["dspy-metrics"].ExtraHosts; len(hosts["host.docker.internal"]) != 1 {
		t.Errorf("got hosts %v, want host.docker.internal, which Linux does not know", hosts)
	}
}

func TestComposeIsRestricted(t *testing.T) {
	t.Parallel()
	published := map[string]string{}
	for name, service := range compose(t, composeVariants()["both"].envFiles...).Services {
		if !service.ReadOnly || !slices.Equal(service.CapDrop, []string{"ALL"}) || !slices.Contains(service.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s: got read_only %v, cap_drop %v, security_opt %v", name, service.ReadOnly, service.CapDrop, service.SecurityOpt)
		}
		if service.MemLimit == 0 {
			t.Errorf("%s: no limit of its memory", name)
		}
		if service.HealthCheck == nil && name != "otel-collector" {
			t.Errorf("%s: no health check", name)
		}
		if service.Build == nil {
			if strings.HasPrefix(service.User, "0") || service.User == "" {
				t.Errorf("%s: got user %q, want one without rights", name, service.User)
			}
			if _, tag, ok := strings.Cut(service.Image, ":"); !ok || tag == "latest" {
				t.Errorf("%s: image %q is not pinned", name, service.Image)
			}
		}
		for _, volume := range service.Volumes {
			if volume.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(volume.Source); err != nil || !volume.ReadOnly {
				t.Errorf("%s: %s: read-only %v, %v", name, volume.Source, volume.ReadOnly, err)
			}
		}
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s: port %s is published on %q, want 127.0.0.1", name, port.Published, port.HostIP)
			}
			published[port.Published] = name
		}
	}
	want := map[string]string{"3000": "dspy-metrics", "9090": "prometheus", "3001": "grafana", "4317": "otel-collector", "4318": "otel-collector", "9093": "alertmanager", "8025": "mail"}
	if diff := cmp.Diff(want, published); diff != "" {
		t.Errorf("published ports (-want +got):\n%s", diff)
	}
}

// The service is not killed while it drains.
func TestComposeWaitsForTheDrain(t *testing.T) {
	t.Parallel()
	grace := compose(t).Services["dspy-metrics"].StopGracePeriod
	if longest := longestStop(t); grace == nil || time.Duration(*grace) < longest {
		t.Errorf("got stop_grace_period %v, want %s at least", grace, longest)
	}
}

// longestStop is how long the service takes to stop, at most, with its defaults.
func longestStop(t *testing.T) time.Duration {
	t.Helper()
	help, err := execute(t, nil, binary, "serve", "--help")
	if err != nil {
		t.Fatal(err)
	}
	sum := 5 * time.Second // the last push: otelmetrics.DefaultShutdownTimeout
	for _, flag := range []string{"drain-delay", "shutdown-timeout"} {
		found := regexp.MustCompile("--" + flag + `=(\S+)`).FindStringSubmatch(help)
		if found == nil {
			t.Fatalf("no --%s in:\n%s", flag, help)
		}
		length, err := time.ParseDuration(found[1])
		if err != nil {
			t.Fatal(err)
		}
		sum += length
	}
	return sum
}
