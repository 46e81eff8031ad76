package bound

import (
	"os"
	"slices"
	"strings"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/resource"
)

// Option configures a [MeterProvider]. The options that the SDK has too have its names and defaults, so that a program changes
// only the package.
type Option interface{ apply(*config) }

type optionFunc func(*config)

func (f optionFunc) apply(c *config) { f(c) }

type config struct {
	resource *resource.Resource
	readers  []sdkmetric.Reader
	views    []sdkmetric.View
	filter   exemplar.Filter
	limit    int
	native   func(sdkmetric.Instrument) (sdkmetric.AggregationBase2ExponentialHistogram, bool)
	timeout  func(sdkmetric.Instrument) time.Duration
	onForget func([]Series)
	now      func() time.Time
}

// defaultLimit is the SDK's.
const defaultLimit = 2000

func newConfig(options []Option) config {
	c := config{
		limit: defaultLimit, filter: filterFromEnvironment(), now: time.Now,
		timeout: func(sdkmetric.Instrument) time.Duration { return 0 },
	}
	for _, o := range options {
		if o != nil {
			o.apply(&c)
		}
	}
	return c
}

// filterFromEnvironment returns the exemplar filter that the specification's variable names, and the SDK's default for
// any other value.
func filterFromEnvironment() exemplar.Filter {
	switch strings.ToLower(strings.TrimSpace(os.Getenv("OTEL_METRICS_EXEMPLAR_FILTER"))) {
	case "always_on":
		return exemplar.AlwaysOnFilter
	case "always_off":
		return exemplar.AlwaysOffFilter
	}
	return exemplar.TraceBasedFilter
}

// WithResource sets the resource that all metrics describe. As with the SDK's option, what the environment says is added
// to it. By default, if this option is not used, it is the SDK's default resource.
func WithResource(r *resource.Resource) Option {
	return optionFunc(func(c *config) { c.resource = r })
}

// WithReader adds a reader, which must have been made with a [Producer] of its own. The option may be used several times,
// for up to 32 readers. A nil reader is ignored. By default, if this option is not used, nothing is measured.
func WithReader(r sdkmetric.Reader) Option {
	return optionFunc(func(c *config) {
		if r != nil {
			c.readers = append(c.readers, r)
		}
	})
}

// WithView adds views, which follow the SDK's rules. The option may be used several times. By default, if this option is
// not used, each instrument is reported as it was declared.
func WithView(views ...sdkmetric.View) Option {
	return optionFunc(func(c *config) { c.views = append(slices.Clip(c.views), views...) })
}

// WithExemplarFilter sets which measurements may become exemplars. A nil filter is ignored. By default, if this option is
// not used, it is what OTEL_METRICS_EXEMPLAR_FILTER says, and without the variable those of sampled spans.
func WithExemplarFilter(filter exemplar.Filter) Option {
	return optionFunc(func(c *config) {
		if filter != nil {
			c.filter = filter
		}
	})
}

// WithCardinalityLimit sets how many series each metric may have. One of them, with the attribute otel.metric.overflow,
// receives what is beyond the limit. Zero and less mean no limit. By default, if this option is not used, it is 2000.
func WithCardinalityLimit(series int) Option {
	return optionFunc(func(c *config) { c.limit = series })
}

// WithNativeHistograms keeps exponential buckets beside the explicit ones of the histograms that choose selects, from the
// same measurements. A reader whose producer has [Producer.WithNative] gets both, one after the other, with the same
// count, sum and exemplars. Every other reader gets the explicit buckets. A value that is not finite is in neither. The
// size must be 3 or more and the scale from -10 to 20. By default, if this option is not used, no histogram has both.
func WithNativeHistograms(choose func(sdkmetric.Instrument) (sdkmetric.AggregationBase2ExponentialHistogram, bool)) Option {
	return optionFunc(func(c *config) { c.native = choose })
}

// WithIdleTimeout sets after what time without a measurement a series is forgotten. It is then no longer reported and
// makes room under the limit. When it is measured again, it begins at zero with a new start time. An up-down counter is
// kept while it is not at zero, and so is a primed series. The function returns the timeout of an instrument; zero keeps
// its series. By default, if this option is not used, all series are kept.
func WithIdleTimeout(timeout func(sdkmetric.Instrument) time.Duration) Option {
	return optionFunc(func(c *config) {
		if timeout != nil {
			c.timeout = timeout
		}
	})
}

// WithOnForget sets a function that is called at the end of each collection that has forgotten series, by their idle time
// or because they were finished. Instruments bound to them stay valid. The function must not collect and not finish a
// series.
func WithOnForget(f func([]Series)) Option {
	return optionFunc(func(c *config) { c.onForget = f })
}

// WithClock sets the clock. A nil clock is ignored. By default, if this option is not used, it is time.Now.
func WithClock(now func() time.Time) Option {
	return optionFunc(func(c *config) {
		if now != nil {
			c.now = now
		}
	})
}
