package main

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// service takes orders. It knows OpenTelemetry's API and nothing else.
type service struct {
	orders   metric.Int64Counter
	value    metric.Int64Histogram
	duration metric.Float64Histogram
	waiting  metric.Int64UpDownCounter
	now      func() time.Time

	// The attributes are prepared once, so that a measurement allocates nothing.
	accepted, rejected []metric.AddOption
}

func newService(meter metric.Meter, now func() time.Time) (*service, error) {
	s := &service{now: now}
	var errs [5]error
	s.orders, errs[0] = meter.Int64Counter("shop.orders", metric.WithUnit("{order}"), metric.WithDescription("Orders that came"))
	s.value, errs[1] = meter.Int64Histogram("shop.order.value", metric.WithUnit("EUR"), metric.WithDescription("What they were worth"))
	s.duration, errs[2] = meter.Float64Histogram("shop.order.duration", metric.WithUnit("s"), metric.WithDescription("How long they took"),
		metric.WithExplicitBucketBoundaries(0.01, 0.1, 1))
	s.waiting, errs[3] = meter.Int64UpDownCounter("shop.orders.waiting", metric.WithDescription("Orders that wait for their parcel"))
	started := now()
	_, errs[4] = meter.Float64ObservableGauge("shop.open", metric.WithUnit("s"), metric.WithDescription("For how long the shop has been open"),
		metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
			o.Observe(now().Sub(started).Seconds())
			return nil
		}))
	status := func(of string) []metric.AddOption {
		return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attribute.String("status", of)))}
	}
	s.accepted, s.rejected = status("accepted"), status("rejected")
	return s, errors.Join(errs[:]...)
}

// ServeHTTP takes the order POST /order?value=EUR.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, start := r.Context(), s.now()
	defer func() { s.duration.Record(ctx, s.now().Sub(start).Seconds()) }()
	value, err := strconv.ParseInt(r.URL.Query().Get("value"), 10, 64)
	if err != nil || value <= 0 {
		s.orders.Add(ctx, 1, s.rejected...)
		http.Error(w, "an order has a value, in whole euros above zero: /order?value=25", http.StatusBadRequest)
		return
	}
	s.orders.Add(ctx, 1, s.accepted...)
	s.value.Record(ctx, value)
	s.waiting.Add(ctx, 1)
	w.WriteHeader(http.StatusAccepted)
}
