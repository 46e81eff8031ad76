package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// service is a running dspy-metrics.
type service struct {
	*process
	address string
}

// serve starts the service and returns once it listens.
func serve(t *testing.T, flags ...string) *service {
	t.Helper()
	return serveWith(t, nil, flags...)
}

// serveWith is serve with variables of the environment.
func serveWith(t *testing.T, variables []string, flags ...string) *service {
	t.Helper()
	s := &service{process: startWith(t, variables, binary, append([]string{"serve", "--listen", "127.0.0.1:0"}, flags...)...)}
	bound := regexp.MustCompile(`msg="?listening.* addr=(127\.0\.0\.1:\d+)`)
	until(t, s.process, func() error {
		match := bound.FindStringSubmatch(s.output.String())
		if match == nil {
			return errors.New("no log line with the bound address")
		}
		s.address = match[1]
		return nil
	})
	return s
}

// predict asks one question and returns the answer's status, content type and body.
func (s *service) predict(t *testing.T, predictionType, question string) (status int, contentType string, body map[string]any) {
	t.Helper()
	asked, err := json.Marshal(map[string]any{
		"prediction_type": predictionType,
		"inputs": map[string]string{
			"question": question,
			"context":  "Paris is the capital of France. Rome is the capital of Italy.",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	status, header, raw, err := exchange(t, http.MethodPost, "http://"+s.address+"/predict", asked)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Fatalf("predict: status %d: %v: %s", status, err, raw)
	}
	return status, header.Get("Content-Type"), body
}

// page returns what a scrape in the text format reads.
func (s *service) page(t *testing.T) []byte {
	t.Helper()
	status, _, page, err := exchange(t, http.MethodGet, "http://"+s.address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	if status != http.StatusOK {
		t.Fatalf("metrics: status %d: %s", status, page)
	}
	return page
}

// samples returns the samples of the page.
func (s *service) samples(t *testing.T) model.Vector {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(s.page(t)))
	if err != nil {
		t.Fatal(err)
	}
	var samples model.Vector
	for _, family := range families {
		some, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{}, family)
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, some...)
	}
	return samples
}

// exchange sends one request and reads its answer.
func exchange(t *testing.T, method, url string, body []byte) (status int, header http.Header, answer []byte, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := (&http.Client{Timeout: patience}).Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%s %s: %w", method, url, err)
	}
	return resp.StatusCode, resp.Header, answer, nil
}
