package e2e

import (
	"fmt"
	"net"
	"net/http"
	"regexp"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// Several services push to an agent, which pushes to two gateways, which push to
// VictoriaMetrics. One gateway is killed on the way, and comes back.
func TestScaleOutSurvivesTheLossOfAGateway(t *testing.T) {
	t.Parallel()
	backend := victoriaMetrics(t)
	shared := port(t, freeAddress(t))
	gateways := []*collector{
		newGateway(t, "127.0.0.1", shared, backend), newGateway(t, "127.0.0.2", shared, backend),
	}
	agent := newCollector(t, "")
	agent.config = "../examples/scale-out/agent.yaml"
	agent.environment = append(agent.environment,
		"GATEWAY=dns://"+nameServer(t)+"/otel-gateway.test:"+shared, "GATEWAY_INSECURE=true")
	for _, c := range append(gateways, agent) {
		c.run(t)
	}
	var services []*service
	for replica := range 3 {
		services = append(services, pushing(t, fmt.Sprint("replica-", replica), "OTEL_EXPORTER_OTLP_ENDPOINT="+agent.otlp))
	}
	rounds := 0
	arrives := func() {
		t.Helper()
		for _, s := range services {
			exercise(t, s)
		}
		rounds++
		until(t, backend.process, func() error { return backend.counted(t, 9*rounds) })
	}
	arrives()
	accepted := regexp.MustCompile(`(?m)^otelcol_receiver_accepted_metric_points\S* [1-9]`)
	for _, c := range gateways {
		until(t, c.process, func() error {
			_, _, page, err := exchange(t, http.MethodGet, "http://"+c.metrics+"/metrics", nil)
			if err == nil && !accepted.Match(page) {
				err = fmt.Errorf("%s: no metrics yet: the agent does not spread them", c.metrics)
			}
			return err
		})
	}
	if err := gateways[0].cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := gateways[0].wait(t); err == nil {
		t.Fatal("the gateway ended by itself")
	}
	arrives()
	gateways[0].run(t)
	arrives()
}

func newGateway(t *testing.T, host, grpc string, backend *prometheus) *collector {
	t.Helper()
	c := newCollector(t, "")
	health, metrics := freeAddress(t), freeAddress(t)
	c.config = "../examples/scale-out/gateway.yaml"
	c.health, c.metrics = "http://"+net.JoinHostPort(host, port(t, health)), net.JoinHostPort(host, port(t, metrics))
	c.environment = []string{
		"OTELCOL_HOST=" + host, "OTELCOL_GRPC_PORT=" + grpc, "OTELCOL_METRICS_PORT=" + port(t, metrics),
		"OTELCOL_HEALTH_PORT=" + port(t, health), "OTELCOL_QUEUE=" + t.TempDir(), "BACKEND_OTLP=" + backend.url() + "/opentelemetry",
	}
	return c
}

// victoriaMetrics starts a VictoriaMetrics, which answers queries as Prometheus does.
func victoriaMetrics(t *testing.T) *prometheus {
	t.Helper()
	address := freeAddress(t)
	p := &prometheus{address: address, process: start(t, "victoria-metrics",
		"-httpListenAddr="+address, "-storageDataPath="+t.TempDir(), "-opentelemetry.usePrometheusNaming",
		"-search.latencyOffset=0s", "-search.disableCache")}
	until(t, p.process, func() error { return healthy(t, p.url()+"/health") })
	return p
}

// nameServer resolves every name to the addresses of both gateways.
func nameServer(t *testing.T) (address string) {
	t.Helper()
	var config net.ListenConfig
	conn, err := config.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, client, err := conn.ReadFrom(buffer)
			if err != nil {
				return // closed
			}
			var message dnsmessage.Message
			if message.Unpack(buffer[:n]) != nil || len(message.Questions) != 1 {
				continue
			}
			question := message.Questions[0]
			answer := dnsmessage.Message{Header: dnsmessage.Header{ID: message.ID, Response: true, Authoritative: true}, Questions: message.Questions}
			if question.Type == dnsmessage.TypeA {
				for last := range byte(2) {
					answer.Answers = append(answer.Answers, dnsmessage.Resource{
						Header: dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class, TTL: 1},
						Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, last + 1}},
					})
				}
			}
			if packed, err := answer.Pack(); err == nil {
				_, _ = conn.WriteTo(packed, client) // lost, it is asked again
			}
		}
	}()
	return conn.LocalAddr().String()
}
