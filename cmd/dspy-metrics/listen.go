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
	Listen               string        `group:"common" default:":3000" env:"DSPY_METRICS_LISTEN" placeholder:"ADDRESS" help:"Address to listen on (${default}); port 0 chooses a free port."`
	WebConfigFile        string        `group:"security" env:"DSPY_METRICS_WEB_CONFIG_FILE" placeholder:"FILE" type:"path" help:"Web config file of --listen, in the format of Prometheus: TLS, client certificates, passwords. By default plain HTTP for everyone."`
	MetricsListen        string        `group:"common" env:"DSPY_METRICS_METRICS_LISTEN" placeholder:"ADDRESS" help:"Separate address for /metrics, with /health and /ready."`
	MetricsWebConfigFile string        `group:"security" env:"DSPY_METRICS_METRICS_WEB_CONFIG_FILE" placeholder:"FILE" type:"path" help:"Web config file of --metrics-listen. By default plain HTTP for everyone, even with --web-config-file."`
	Live                 bool          `group:"telemetry" default:"true" negatable:"" env:"DSPY_METRICS_LIVE" help:"Serve live charts at /live, on the same address as /metrics."`
	Pprof                bool          `group:"telemetry" env:"DSPY_METRICS_PPROF" help:"Serve profiles at /debug/pprof/ of --metrics-listen."`
	KeepAlive            time.Duration `group:"shutdown" default:"2m" env:"DSPY_METRICS_KEEP_ALIVE" help:"Time limit for an idle connection. Set it longer than that of a load balancer in front (${default})."`
	DrainDelay           time.Duration `group:"shutdown" default:"1s" env:"DSPY_METRICS_DRAIN_DELAY" help:"How long to report not ready before the listener closes, so that load balancers notice (${default})."`
	ShutdownTimeout      time.Duration `group:"shutdown" default:"30s" env:"DSPY_METRICS_SHUTDOWN_TIMEOUT" help:"Time limit at shutdown for predictions in progress (${default})."`
}

func (l *listeners) validate() error {
	var apart error
	if l.MetricsListen == "" && (l.Pprof || l.MetricsWebConfigFile != "") {
		apart = errors.New("--pprof and --metrics-web-config-file need --metrics-listen, because they apply to that listener")
	}
	return errors.Join(
		apart,
		positive("--keep-alive", l.KeepAlive),
		positive("--shutdown-timeout", l.ShutdownTimeout),
		notNegative("--drain-delay", l.DrainDelay),
	)
}

// serve serves until ctx has ended and the requests in progress have finished.
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
	// Close the metrics listener last, so that a scrape can see the end of the predictions.
	if err := servers[0].Shutdown(ctx); err != nil {
		return fmt.Errorf("predictions in progress were interrupted after --shutdown-timeout %s: %w", l.ShutdownTimeout, err)
	}
	for _, server := range servers[1:] {
		if err := server.Shutdown(ctx); err != nil {
			svc.Logger.Warn("a scrape or a profile was interrupted by the shutdown", slog.Any("error", err))
		}
	}
	svc.Logger.Info("stopped")
	return nil
}

// open opens the listener of the predictions and, if it is configured, that of
// the metrics. If it fails, it returns the listeners that are open.
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
