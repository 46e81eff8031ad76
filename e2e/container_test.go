package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/prometheus/common/model"
)

// container runs what a service of the compose file or a container of a pod runs,
// without a container: command, environment and health check are those of the
// file, while paths, ports and names are replaced by those of this machine.
type container struct {
	*process
	service types.ServiceConfig
	// address is where it listens, if a test asks it.
	address string
	// mounts are the places of the volumes by their paths in the container.
	mounts map[string]string
	// names are replaced by those of this machine, in files too.
	names *strings.Replacer
	// programs are those of this machine for those of the image.
	programs map[string]string
	// further are variables that only this machine needs.
	further []string
	// check reports whether it is healthy, by default by its health check.
	check func(t *testing.T) error
}

// newContainer puts the volumes of a service into a folder.
func newContainer(t *testing.T, service types.ServiceConfig, names ...string) *container {
	t.Helper()
	root := t.TempDir()
	c := &container{service: service, mounts: map[string]string{}, names: strings.NewReplacer(names...), programs: map[string]string{}}
	c.check = c.healthCheck
	for _, volume := range service.Volumes {
		place := filepath.Join(root, volume.Target)
		if err := os.RemoveAll(place); err != nil { // a mount hides what is below
			t.Fatal(err)
		}
		if err := c.mount(volume, place); err != nil {
			t.Fatal(err)
		}
		c.mounts[volume.Target] = place
	}
	return c
}

func (c *container) mount(volume types.ServiceVolumeConfig, place string) error {
	if volume.Type != types.VolumeTypeBind {
		return os.MkdirAll(place, 0o755)
	}
	return filepath.WalkDir(volume.Source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file := place + strings.TrimPrefix(path, volume.Source)
		return errors.Join(
			os.MkdirAll(filepath.Dir(file), 0o755),
			os.WriteFile(file, []byte(c.names.Replace(string(content))), 0o600),
		)
	})
}

// here says words, some of them "name=value", as they are on this machine.
func (c *container) here(words ...string) []string {
	here := make([]string, len(words))
	for i, word := range words {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			name, value = "", word
		}
		for _, target := range slices.Backward(slices.Sorted(maps.Keys(c.mounts))) { // the inner ones first
			if below, ok := strings.CutPrefix(value+"/", target+"/"); ok {
				value = filepath.Join(c.mounts[target], below)
				break
			}
		}
		here[i] = c.names.Replace(strings.TrimPrefix(name+"="+value, "="))
	}
	return here
}

func (c *container) environment() []string {
	var variables []string
	for name, value := range settings(c.service) {
		variables = append(variables, name+"="+value)
	}
	return append(c.here(variables...), c.further...)
}

// run starts a command and returns once the service is healthy by its own check,
// which before fails.
func (c *container) run(t *testing.T, dir string, command ...string) {
	t.Helper()
	if c.check(t) == nil {
		t.Fatalf("%s: healthy before it runs", c.service.Name)
	}
	c.process = startIn(t, dir, c.environment(), command[0], c.here(command[1:]...)...)
	until(t, c.process, func() error { return c.check(t) })
}

// healthCheck runs the health check once.
func (c *container) healthCheck(t *testing.T) error {
	t.Helper()
	test := c.here(c.service.HealthCheck.Test...)
	if test[0] != "CMD" {
		t.Fatalf("%s: got health check %q, want a CMD without a shell", c.service.Name, test)
	}
	program, ok := c.programs[test[1]]
	if !ok {
		t.Fatalf("%s: no program here for %q", c.service.Name, test)
	}
	if _, err := exec.LookPath(program); err != nil && program == "wget" {
		return healthy(t, test[len(test)-1]) // what wget would ask
	}
	output, err := execute(t, c.environment(), program, test[2:]...)
	if err != nil {
		return fmt.Errorf("%s: %w: %s", c.service.Name, err, output)
	}
	return nil
}

// execute runs a program to its end.
func execute(t *testing.T, variables []string, program string, args ...string) (output string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), locate(t, program), args...)
	cmd.Env = append(environment(), variables...)
	combined, err := cmd.CombinedOutput()
	return string(combined), err
}

// newApplication is the service, of its image.
func newApplication(t *testing.T, service types.ServiceConfig, hosts ...string) *container {
	t.Helper()
	app := newContainer(t, service, hosts...)
	app.programs[entrypoint(t, "..", "ENTRYPOINT")[0]] = binary
	app.address = freeAddress(t)
	app.further = []string{"DSPY_METRICS_LISTEN=" + app.address}
	return app
}

func (c *container) runApplication(t *testing.T) *container {
	t.Helper()
	c.run(t, "", append([]string{binary}, c.service.Command...)...)
	return c
}

// newProgram is the DSPy program, of its image.
func newProgram(t *testing.T, service types.ServiceConfig) *container {
	t.Helper()
	address := freeAddress(t)
	program := newContainer(t, service, "0.0.0.0", "127.0.0.1", "8000", port(t, address))
	program.address = address
	program.programs["python"] = "e2e-python"
	program.further = []string{dspyPackage(t), "LITELLM_LOCAL_MODEL_COST_MAP=True", "HOME=" + t.TempDir()}
	return program
}

func (c *container) runProgram(t *testing.T) *container {
	t.Helper()
	c.run(t, dspyService, append([]string{"e2e-python", "-m"}, entrypoint(t, dspyService, "CMD")...)...)
	return c
}

func entrypoint(t *testing.T, folder, instruction string) []string {
	t.Helper()
	file, err := readDockerfile(folder)
	if err != nil {
		t.Fatal(err)
	}
	return file.last(instruction)
}

// keeper is the Redis of the compose file.
func keeper(t *testing.T, service types.ServiceConfig) (address string) {
	t.Helper()
	address = freeAddress(t)
	redis := newContainer(t, service)
	// Neither can be told its port but by a flag.
	redis.service.HealthCheck.Test = slices.Insert(slices.Clone(service.HealthCheck.Test), 2, "-p", port(t, address))
	redis.programs["redis-cli"] = "redis-cli"
	redis.run(t, t.TempDir(), append(slices.Clone(service.Command), "--bind", "127.0.0.1", "--port", port(t, address))...)
	return address
}

// Each way to start the compose file answers predictions from where it says, and
// counts the hits of the cache that it says.
func TestComposeAnswers(t *testing.T) {
	t.Parallel()
	all := compose(t, composeVariants()["both"].envFiles...).Services
	dspy, redis := newProgram(t, all["dspy-service"]).runProgram(t), keeper(t, all["redis"])
	for name, variant := range composeVariants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := newApplication(t, compose(t, variant.envFiles...).Services["dspy-metrics"], "dspy-service:8000", dspy.address, "redis:6379", redis)
			app.runApplication(t)
			asked(t, app, name, variant)
			if err := app.cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if err := app.wait(t); err != nil {
				t.Errorf("exit after a signal: %v", err)
			}
		})
	}
}

// asked asks the same question twice.
func asked(t *testing.T, app *container, question string, variant composeVariant) {
	t.Helper()
	s := &service{process: app.process, address: app.address}
	for range 2 {
		status, _, body := s.predict(t, "predict", question)
		text := fmt.Sprint(body["outputs"])
		if _, behind := variant.app["DSPY_METRICS_UPSTREAM"]; status != http.StatusOK || strings.Contains(text, "canned") != behind {
			t.Errorf("got status %d, %v, want an answer of the program: %v", status, body, behind)
		}
	}
	samples := s.samples(t)
	for _, cache := range []string{"memory", "redis"} {
		want := 0.0
		if cache == variant.cache {
			want = 1
		}
		if got := total(samples, "dspy_cache_hits_total", model.LabelSet{"cache_type": model.LabelValue(cache)}); got != want {
			t.Errorf("hits of the cache %s: got %v, want %v", cache, got, want)
		}
	}
}

// The other programs start with the flags and files that they are given.
// Prometheus scrapes them all, and takes what the collector sends.
func TestComposeCollects(t *testing.T) {
	t.Parallel()
	services := compose(t).Services
	app := newApplication(t, services["dspy-metrics"]).runApplication(t)
	own, address := newCollector(t, ""), freeAddress(t)

	server := newContainer(t, services["prometheus"], "127.0.0.1:9090", address, "dspy-metrics:3000", app.address,
		"otel-collector:8888", own.metrics, "scrape_interval: 15s", "scrape_interval: 1s", "scrape_timeout: 10s", "scrape_timeout: 1s")
	server.programs["wget"] = "wget"
	server.run(t, "", append(append([]string{"prometheus"}, services["prometheus"].Command...), "--web.listen-address=127.0.0.1:9090")...)
	p := &prometheus{process: server.process, address: address}

	collecting := newContainer(t, services["otel-collector"], "0.0.0.0", "127.0.0.1", "http://prometheus:9090", p.url())
	collecting.further = slices.DeleteFunc(own.environment, func(entry string) bool { return strings.HasPrefix(entry, "PROMETHEUS_URL=") })
	collecting.process = startIn(t, "", collecting.environment(), "otelcol", collecting.here(services["otel-collector"].Command...)...)
	until(t, collecting.process, func() error { return healthy(t, own.health) })

	exercise(t, pushing(t, "a", "OTEL_EXPORTER_OTLP_ENDPOINT="+own.otlp))
	until(t, p.process, func() error {
		return errors.Join(p.counted(t, 3), p.count(t, `up{job=~"dspy-metrics|otel-collector|prometheus"}`, 3))
	})
}
