package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// load asks the same again and again, each client as soon as it has its answer.
type load struct {
	url     string
	header  http.Header
	stream  bool
	clients int
}

func (l load) run(ctx context.Context, requests int) ([]time.Duration, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost, transport.DisableCompression = l.clients, true
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	var (
		left    atomic.Int64
		mu      sync.Mutex
		all     []time.Duration
		errs    []error
		waiting sync.WaitGroup
	)
	left.Store(int64(requests))
	for range l.clients {
		waiting.Go(func() {
			var own []time.Duration
			var err error
			for err == nil && left.Add(-1) >= 0 {
				started := time.Now()
				if err = l.ask(ctx, client); err == nil {
					own = append(own, time.Since(started))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, own...)
			errs = append(errs, err)
		})
	}
	waiting.Wait()
	return all, errors.Join(errs...)
}

func (l load) ask(ctx context.Context, client *http.Client) error {
	body := `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"A short question?"}]}`
	end := `"usage"`
	if l.stream {
		body = strings.TrimSuffix(body, "}") + `,"stream":true,"stream_options":{"include_usage":true}}`
		end = "[DONE]"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = l.header
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || !strings.Contains(string(answer), end) {
		return fmt.Errorf("status %d and no whole answer: %.300s", response.StatusCode, answer)
	}
	return nil
}

// quantile returns the duration that a share of all do not exceed.
func quantile(all []time.Duration, share float64) time.Duration {
	slices.Sort(all)
	return all[min(len(all)-1, int(share*float64(len(all))))]
}
