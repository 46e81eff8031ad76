package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// gateway is a program to measure.
type gateway struct {
	name    string
	program string
	// slowness divides the number of requests, so that none takes many minutes.
	slowness int
	// args returns the arguments, and may write configuration into the folder.
	args func(dir, listen, upstream string) ([]string, error)
	// headers are what a client has to send, with %s for the upstream.
	headers map[string]string
}

func all(o options) []gateway {
	gateways := []gateway{
		{name: bareName, program: executable(), slowness: 1, args: func(_, listen, upstream string) ([]string, error) {
			return []string{bareName, listen, upstream}, nil
		}},
		{name: "dspy-metrics", program: o.service, slowness: 1, args: ours},
		{name: "nginx", program: "nginx", slowness: 1, args: nginx},
		{name: "haproxy", program: "haproxy", slowness: 1, args: haproxy},
		{
			name: "portkey", program: "portkey-gateway", slowness: 4,
			args: func(_, listen, _ string) ([]string, error) {
				_, port, err := net.SplitHostPort(listen)
				return []string{"--port=" + port, "--headless"}, err
			},
			headers: map[string]string{"x-portkey-provider": "openai", "x-portkey-custom-host": "%s/v1"},
		},
		{
			name: "litellm", program: "litellm-proxy", slowness: 20, args: litellm,
			headers: map[string]string{"Authorization": "Bearer " + litellmKey},
		},
	}
	if o.before != "" {
		gateways = append(gateways, gateway{name: "dspy-metrics before", program: o.before, slowness: 1, args: ours})
	}
	return gateways
}

func ours(_, listen, upstream string) ([]string, error) {
	return []string{"serve", "--listen", listen, "--upstream", upstream, "--route", "/v1/chat/completions"}, nil
}

func executable() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

func nginx(dir, listen, upstream string) ([]string, error) {
	return written(dir, "nginx.conf", `daemon off; worker_processes 2; pid `+dir+`/pid; error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off; client_body_temp_path `+dir+`; proxy_temp_path `+dir+`; fastcgi_temp_path `+dir+`; uwsgi_temp_path `+dir+`; scgi_temp_path `+dir+`;
  upstream program { server `+strings.TrimPrefix(upstream, "http://")+`; keepalive 64; }
  server {
    listen `+listen+`; keepalive_requests 1000000;
    location / { proxy_pass http://program; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
  }
}
`, "-p", dir, "-c")
}

func haproxy(dir, listen, upstream string) ([]string, error) {
	return written(dir, "haproxy.cfg", `global
  nbthread 2
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
  option http-no-delay
listen all
  bind `+listen+`
  server program `+strings.TrimPrefix(upstream, "http://")+`
`, "-db", "-f")
}

// litellmKey is no secret: the proxy does not start without one.
const litellmKey = "sk-8f14e45fceea167a5a36dedd4bea2543"

func litellm(dir, listen, upstream string) ([]string, error) {
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, err
	}
	args, err := written(dir, "litellm.yaml", `model_list:
  - model_name: gpt-4o-mini
    litellm_params: {model: openai/gpt-4o-mini, api_base: "`+upstream+`/v1", api_key: none}
litellm_settings: {callbacks: [prometheus]}
general_settings: {master_key: `+litellmKey+`}
`, "--host", "127.0.0.1", "--port", port, "--telemetry", "False", "--config")
	return args, err
}

// written writes a file and returns the arguments with its path at the end.
func written(dir, name, content string, args ...string) ([]string, error) {
	path := filepath.Join(dir, name)
	return append(args, path), os.WriteFile(path, []byte(content), 0o600)
}

func (g gateway) missing() bool {
	_, err := exec.LookPath(g.program)
	return err != nil
}

func (g gateway) header(upstream string) http.Header {
	header := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer none"}}
	for name, value := range g.headers {
		header.Set(name, strings.ReplaceAll(value, "%s", upstream))
	}
	return header
}

// running is a gateway in a process group of its own.
type running struct {
	url     string
	command *exec.Cmd
	dir     string
	ended   chan struct{}
}

func (g gateway) start(ctx context.Context, upstream string) (*running, error) {
	dir, err := os.MkdirTemp("", "gateways-")
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	listen := listener.Addr().String()
	_ = listener.Close() // the gateway takes the port, which nobody else wants
	args, err := g.args(dir, listen, upstream)
	if err != nil {
		return nil, err
	}
	r := &running{url: "http://" + listen, command: exec.CommandContext(ctx, g.program, args...), dir: dir, ended: make(chan struct{})}
	output, err := os.Create(filepath.Join(dir, "output"))
	if err != nil {
		return nil, err
	}
	defer output.Close()
	r.command.Stdout, r.command.Stderr = output, output
	r.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r.command.Cancel = func() error { return syscall.Kill(-r.command.Process.Pid, syscall.SIGKILL) }
	if err := r.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = r.command.Wait() // it is killed in the end
		close(r.ended)
	}()
	return r, r.ready(ctx, listen)
}

// ready waits until the gateway listens.
func (r *running) ready(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return connection.Close()
		}
		select {
		case <-ticker.C:
		case <-r.ended:
			output, _ := os.ReadFile(filepath.Join(r.dir, "output"))
			return fmt.Errorf("it ended before it listened: %s", output)
		case <-ctx.Done():
			r.stop()
			return errors.Join(errors.New("it does not listen"), err)
		}
	}
}

func (r *running) stop() {
	_ = syscall.Kill(-r.command.Process.Pid, syscall.SIGKILL)
	<-r.ended
	_ = os.RemoveAll(r.dir)
}
