package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/access"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
)

// listeners are where the service listens, who may come in, and how it closes.
type listeners struct {
	Listen               string        `group:"common" default:":3000" env:"DSPY_METRICS_LISTEN" placeholder:"ADDRESS" help:"Address to listen on (${default}); port 0 chooses one."`
	WebConfigFile        string        `group:"security" env:"DSPY_METRICS_WEB_CONFIG_FILE" placeholder:"FILE" type:"path" help:"TLS, client certificates and passwords of --listen: a web config file as Prometheus has it; by default plain HTTP for everybody."`
	MetricsListen        string        `group:"common" env:"DSPY_METRICS_METRICS_LISTEN" placeholder:"ADDRESS" help:"Address that /metrics is served on instead, with /health and /ready as well."`
	MetricsWebConfigFile string        `group:"security" env:"DSPY_METRICS_METRICS_WEB_CONFIG_FILE" placeholder:"FILE" type:"path" help:"The web config file of --metrics-listen; by default plain HTTP for everybody, whatever --web-config-file says."`
	Live                 bool          `group:"telemetry" default:"true" negatable:"" env:"DSPY_METRICS_LIVE" help:"Serve the page /live, charts of the last minutes, where /metrics is."`
	Pprof                bool          `group:"telemetry" env:"DSPY_METRICS_PPROF" help:"Serve profiles of the process at /debug/pprof/ of --metrics-listen."`
	KeepAlive            time.Duration `group:"shutdown" default:"2m" env:"DSPY_METRICS_KEEP_ALIVE" help:"How long a connection may be idle; let it be longer than that of a load balancer before it (${default})."`
	DrainDelay           time.Duration `group:"shutdown" default:"1s" env:"DSPY_METRICS_DRAIN_DELAY" help:"How long to be unready before the listener closes, for load balancers to notice (${default})."`
	ShutdownTimeout      time.Duration `group:"shutdown" default:"30s" env:"DSPY_METRICS_SHUTDOWN_TIMEOUT" help:"Longest wait for predictions in flight at shutdown (${default})."`
}

func (l *listeners) validate() error {
	var apart error
	if l.MetricsListen == "" && (l.Pprof || l.MetricsWebConfigFile != "") {
		apart = errors.New("--pprof and --metrics-web-config-file need --metrics-listen: they are for that listener")
	}
	return errors.Join(
		apart,
		positive("--keep-alive", l.KeepAlive),
		positive("--shutdown-timeout", l.ShutdownTimeout),
		notNegative("--drain-delay", l.DrainDelay),
	)
}

// serve serves until ctx ends and what is in flight has ended.
func (l *listeners) serve(ctx context.Context, svc *service.Service) error {
	servers, err := l.open(ctx, svc)
	for _, server := range servers {
		defer server.Close()
	}
	if err != nil {
		return err
	}
	failed := make(chan error, len(servers))
	for _, server := range servers {
		go func() { failed <- server.Serve() }()
	}
	go svc.WatchUpstream(ctx)
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	svc.Drain()
	svc.Logger.Info("draining", slog.Duration("delay", l.DrainDelay))
	<-time.After(l.DrainDelay)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.ShutdownTimeout)
	defer cancel()
	// The metrics go last, so that a scrape can see the end of the predictions.
	if err := servers[0].Shutdown(ctx); err != nil {
		return fmt.Errorf("predictions in flight were cut off after %s: %w", l.ShutdownTimeout, err)
	}
	for _, server := range servers[1:] {
		if err := server.Shutdown(ctx); err != nil {
			svc.Logger.Warn("a scrape or a profile was cut off", slog.Any("error", err))
		}
	}
	svc.Logger.Info("stopped")
	return nil
}

// open returns the listener of the predictions and, if there is one, that of
// the metrics. With an error it returns those that are open.
func (l *listeners) open(ctx context.Context, svc *service.Service) (servers []*access.Server, err error) {
	type wanted struct {
		flags, message string
		access.Config
	}
	clients, scrapes := connections(fileLimit(), svc.MaxConcurrency)
	all := []wanted{{"--", "listening", access.Config{
		Address: l.Listen, Handler: svc.Handler(), WebConfigFile: l.WebConfigFile, Connections: clients,
	}}}
	if l.MetricsListen != "" {
		all = append(all, wanted{"--metrics-", "listening for scrapes", access.Config{
			Address: l.MetricsListen, Handler: svc.Admin(l.Pprof), WebConfigFile: l.MetricsWebConfigFile, Connections: scrapes,
		}})
	}
	for _, w := range all {
		w.Open, w.Recorder, w.Logger = service.Probes(), svc.Metrics.Recorder, svc.Logger
		w.ClientTimeout, w.KeepAlive = svc.ClientTimeout, l.KeepAlive
		server, err := access.Listen(ctx, w.Config)
		if _, wrong := errors.AsType[*access.ConfigError](err); wrong {
			return servers, usageError{fmt.Errorf("%sweb-config-file %w", w.flags, err)}
		}
		if err != nil {
			return servers, fmt.Errorf("%slisten %q: %w", w.flags, w.Address, err)
		}
		servers = append(servers, server)
		svc.Logger.Info(w.message, slog.String("addr", server.Addr()), slog.String("web_config_file", w.WebConfigFile), slog.String("version", version()))
	}
	return servers, nil
}
