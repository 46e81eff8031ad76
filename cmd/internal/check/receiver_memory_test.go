package check_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	gzipcodec "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/check"
)

// field is a field of a message that holds the parts: other fields, or bytes.
func field(number protowire.Number, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	return append(protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.BytesType), uint64(len(content))), content...)
}

func times(n int, part func(int) []byte) []byte {
	var all []byte
	for i := range n {
		all = append(all, part(i)...)
	}
	return all
}

// pair is an attribute: one of a resource (number 1) or of a point.
func pair(number protowire.Number, key, value string) []byte {
	return field(number, field(1, []byte(key)), field(2, field(1, []byte(value))))
}

// metric is an export of one metric.
func export(metrics ...[]byte) []byte { return field(1, field(2, metrics...)) }

func metric(name string, kind protowire.Number, points ...[]byte) []byte {
	return field(2, field(1, []byte(name)), field(kind, points...))
}

// The fields of a metric that hold its points.
const gauge, histogram, exponential = 5, 9, 10

// hostileExports are small when packed, and large when they are not.
func hostileExports() map[string]func(i int) []byte {
	const size = 16<<20 - 1000
	same := func(made []byte) func(int) []byte { return func(int) []byte { return made } }
	return map[string]func(i int) []byte{
		"resources": func(i int) []byte {
			return field(1, field(1, pair(1, "service.name", strconv.Itoa(i)+strings.Repeat("x", size))))
		},
		"a thousand resources": func(i int) []byte {
			return times(1000, func(j int) []byte {
				return field(1, field(1, pair(1, "k", fmt.Sprint(i, j)+strings.Repeat("x", size/1100))))
			})
		},
		"empty resources": same(bytes.Repeat(field(1), size/2)),
		"empty scopes":    same(field(1, bytes.Repeat(field(2), size/2))),
		"empty metrics":   same(export(bytes.Repeat(field(2), size/2))),
		"empty points":    same(export(metric("dspy_errors_total", gauge, bytes.Repeat(field(1), size/2)))),
		"metrics": func(i int) []byte {
			return export(times(400_000, func(j int) []byte { return metric(fmt.Sprintf("dspy_%d_%d", i, j), gauge, field(1)) }))
		},
		"points": func(i int) []byte {
			return export(metric("dspy_errors_total", gauge, times(50_000, func(j int) []byte { return field(1, pair(7, "k", fmt.Sprintf("%d %d", i, j))) })))
		},
		"long values": func(i int) []byte {
			return export(metric("dspy_errors_total", gauge, field(1, pair(7, "k", strconv.Itoa(i)+strings.Repeat("x", size)))))
		},
		"long names": func(i int) []byte {
			return export(metric("dspy_"+strconv.Itoa(i)+strings.Repeat("x", size), gauge, field(1)))
		},
		"long texts": func(i int) []byte {
			return export(field(2, field(1, []byte("dspy_"+strconv.Itoa(i))), field(2, bytes.Repeat([]byte("x"), size)), field(5, field(1))))
		},
		"labels times buckets": func(i int) []byte {
			labels := times(100, func(j int) []byte { return pair(9, fmt.Sprint("k", j), strconv.Itoa(i)) })
			const buckets = 900_000
			return export(metric("dspy_prediction_duration_seconds", histogram, field(1, labels, field(6, make([]byte, 8*(buckets+1))), field(7, make([]byte, 8*buckets)))))
		},
		"exponential buckets": same(export(metric("dspy_prediction_duration_seconds", exponential, field(1, field(8, field(2, bytes.Repeat([]byte{1}, size))))))),
		"exemplars":           same(export(metric("dspy_errors_total", gauge, field(1, bytes.Repeat(field(5), size/2))))),
		"arrays in arrays": same(export(metric("dspy_errors_total", gauge, func() []byte {
			value := field(1, []byte("x"))
			for range 5000 {
				value = field(5, field(1, value))
			}
			return field(1, field(7, field(1, []byte("k")), field(2, value)))
		}()))),
		"wide arrays":    same(export(metric("dspy_errors_total", gauge, field(1, field(7, field(1, []byte("k")), field(2, field(5, bytes.Repeat(field(1), size/2)))))))),
		"unknown fields": same(export(bytes.Repeat(field(2, field(900)), size/6))),
	}
}

// Whatever is sent, little is kept, and little is needed to take it.
func TestReceiverMemory(t *testing.T) { //nolint:paralleltest // It measures memory.
	const exports, most = 6, 640 // MiB, what is sent included
	for name, made := range hostileExports() {
		ways := []string{"http"}
		if strings.Contains(name, "points") || strings.Contains(name, "times") {
			ways = append(ways, "grpc") // which is decoded in another way
		}
		for _, way := range ways {
			t.Run(name+"/"+way, func(t *testing.T) {
				debug.FreeOSMemory()
				receiver, err := check.Listen(t.Context(), "127.0.0.1:0", checker(), 16<<20)
				if err != nil {
					t.Fatal(err)
				}
				before := heap()
				var peak uint64
				send := senderOf(t, way, receiver.Addr())
				for i := range exports {
					body := made(i)
					send(body)
					clear(body)
					if peak = max(peak, heap()); i > 0 && peak > before+4*most<<20 {
						break
					}
				}
				if err := receiver.Close(); err != nil {
					t.Error(err)
				}
				for _, client := range receiver.Clients() {
					if len(client.Name) > 1000 {
						t.Errorf("a client's name has %d bytes", len(client.Name))
					}
				}
				t.Logf("the heap grew by %d MiB", (peak-min(peak, before))>>20)
				if peak > before+most<<20 {
					t.Errorf("the heap grew by %d MiB, want %d at most", (peak-before)>>20, most)
				}
			})
		}
	}
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapSys - stats.HeapReleased
}

// senderOf sends an export, packed, and takes whatever is answered.
func senderOf(t *testing.T, way, address string) func([]byte) {
	t.Helper()
	if way == "http" {
		return func(body []byte) {
			var packed bytes.Buffer
			zip, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
			_, _ = zip.Write(body)
			_ = zip.Close()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/v1/metrics", &packed)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/x-protobuf")
			request.Header.Set("Content-Encoding", "gzip")
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(
		grpc.UseCompressor(gzipcodec.Name), grpc.ForceCodec(raw{}), grpc.MaxCallSendMsgSize(64<<20)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return func(body []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var answer []byte
		_ = conn.Invoke(ctx, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", body, &answer) // it may refuse
	}
}

// raw sends bytes as they are.
type raw struct{}

func (raw) Name() string { return "proto" }
func (raw) Marshal(v any) ([]byte, error) {
	body, _ := v.([]byte)
	return body, nil
}

func (raw) Unmarshal(data []byte, v any) error {
	answer, _ := v.(*[]byte)
	*answer = data
	return nil
}
