package load

// Summary contains the results of a run. Requests of the warmup are only in
// WarmupRequests.
type Summary struct {
	URL         string  `json:"url"`
	Seed        uint64  `json:"seed"`
	Rate        float64 `json:"rate"` // that was asked for; 0 is the closed loop
	Concurrency int     `json:"concurrency"`
	Interrupted bool    `json:"interrupted"` // it ended before its duration

	DurationSeconds   float64 `json:"duration_seconds"` // of the sending, without the warmup
	WaitSeconds       float64 `json:"wait_seconds"`     // for what was in flight then
	RequestsPerSecond float64 `json:"requests_per_second"`
	WarmupRequests    int64   `json:"warmup_requests"`
	Counts

	// SuccessRatio is of the requests that were not meant to fail, null if there
	// were none.
	SuccessRatio *float64 `json:"success_ratio"`

	// StatusCodes counts answers, whole or not.
	StatusCodes map[string]int64 `json:"status_codes"`
	// Errors counts failed requests by why: http_STATUS, timeout, aborted (cut
	// off by the shutdown), connection_refused, not_connected, connection_lost
	// (before an answer), incomplete_answer, not_a_stream, broken_stream,
	// error_in_stream. It adds up to Failed.
	Errors          map[string]int64       `json:"errors"`
	PredictionTypes map[string]TypeSummary `json:"prediction_types"` // as asked for
	Latency         LatencySummary         `json:"latency_seconds"`
	// FirstEvent is the time to the first event with content of a stream.
	FirstEvent *Distribution `json:"time_to_first_event_seconds"`
}

// Counts are numbers of requests. Each has either succeeded, with a whole answer
// of a status 2xx, or failed.
type Counts struct {
	Requests  int64      `json:"requests"`
	Succeeded int64      `json:"succeeded"`
	Failed    int64      `json:"failed"`
	Provoked  int64      `json:"provoked"` // meant to fail
	Repeats   int64      `json:"repeats"`
	Streams   int64      `json:"streams"`
	Dropped   int64      `json:"dropped"` // not sent, and not in Requests: too much was in flight
	Cache     CacheCount `json:"cache"`

	provokedSucceeded int64
}

// CacheCount counts answers by what they say of the cache of the service.
type CacheCount struct {
	Hits      int64 `json:"hits"`
	Misses    int64 `json:"misses"`    // without the collapsed, which the service counts as misses too
	Collapsed int64 `json:"collapsed"` // shared with an equal request in flight
}

// TypeSummary is of the requests for one prediction type.
type TypeSummary struct {
	Requests  int64         `json:"requests"`
	Succeeded int64         `json:"succeeded"`
	Failed    int64         `json:"failed"`
	Latency   *Distribution `json:"latency_seconds"`
}

// LatencySummary has the times from when a request was due until its answer was
// read or it failed. Each is null if there was none.
type LatencySummary struct {
	All       *Distribution `json:"all"`
	Succeeded *Distribution `json:"succeeded"`
	CacheHits *Distribution `json:"cache_hits"`
}

// Distribution is of times in seconds.
type Distribution struct {
	Count int64   `json:"count"`
	Min   float64 `json:"min"`
	Mean  float64 `json:"mean"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p999"`
	Max   float64 `json:"max"`
}

func (c *Counts) add(r result) {
	c.Requests++
	succeeded := r.failure == ""
	if succeeded {
		c.Succeeded++
	} else {
		c.Failed++
	}
	if r.request.provoked {
		c.Provoked++
		if succeeded {
			c.provokedSucceeded++
		}
	}
	if r.request.repeat {
		c.Repeats++
	}
	if r.request.stream {
		c.Streams++
	}
	switch r.cache {
	case cacheHit:
		c.Cache.Hits++
	case cacheMiss:
		c.Cache.Misses++
	case cacheCollapsed:
		c.Cache.Collapsed++
	case cacheUnknown:
	}
}
