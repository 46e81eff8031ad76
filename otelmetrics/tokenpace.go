package otelmetrics

import (
	"context"
	"sync/atomic"
	"time"
)

// RecordTimePerOutputToken observes the mean time between the output tokens of a
// stream, after the first one. A negative duration is ignored.
func (r *Recorder) RecordTimePerOutputToken(ctx context.Context, kind PredictionType, each time.Duration) {
	if r != nil && each >= 0 {
		r.tokenPaces.Get(string(kind)).Record(ctx, each.Seconds())
	}
}

// LastToken notes that now is the end of a stream's content so far; the last call
// before [Prediction.End] holds, or End itself if there is none. With
// [Prediction.FirstToken] and the output tokens that are added before the end, it
// gives the time per output token: that between the two, divided by the tokens
// after the first one. It is not recorded for a prediction with more than one
// call of a language model ([Prediction.AddLMCalls]): the tokens of the others did
// not come in the stream.
func (p *Prediction) LastToken() {
	if p != nil && p.predictor != nil && !p.ended.Load() {
		p.pace.last.Store(int64(p.elapsed()))
	}
}

// tokenPace is what gives the time per output token. Times are nanoseconds since
// the prediction's start.
type tokenPace struct {
	first, last atomic.Int64
	output      atomic.Int64 // tokens
}

// recordTokenPace records the time per output token of a stream that has ended
// after the whole time.
func (p *Prediction) recordTokenPace(whole time.Duration) {
	output := p.pace.output.Load()
	if !p.answered.Load() || output < 2 || p.lmCalls.Load() > 1 {
		return
	}
	last := whole
	if noted := p.pace.last.Load(); noted != 0 {
		last = time.Duration(noted)
	}
	if content := last - time.Duration(p.pace.first.Load()); content >= 0 {
		p.predictor.recorder.RecordTimePerOutputToken(p.ctx, p.predictor.kind, content/time.Duration(output-1))
	}
}
