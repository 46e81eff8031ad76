package otelmetrics

import (
	"sync/atomic"
	"time"
)

// LastToken notes that now is the end of a stream's content so far; the last call
// before [Prediction.End] holds, or End itself if there is none. With
// [Prediction.FirstToken] and the output tokens that are added before the end, it
// gives the time per output token: that between the two, divided by the tokens
// after the first one. It is not recorded for a prediction with more than one
// call of a language model ([Usage].Calls): the tokens of the others did not come
// in the stream.
func (p *Prediction) LastToken() {
	if p != nil && p.predictor != nil && !p.notes.ended.Load() {
		p.pace.last.Store(int64(p.elapsed()) + 1)
	}
}

// tokenPace is what gives the time per output token. Times are nanoseconds since
// the prediction's start, plus one: zero is none.
type tokenPace struct {
	first, last atomic.Int64
	output      atomic.Int64 // tokens
}

// begin notes the first token, and reports whether it is.
func (t *tokenPace) begin(now time.Duration) bool {
	return t.first.CompareAndSwap(0, int64(now)+1)
}

// took returns the time from the first token to the last one, or to the end of the
// whole if nobody noted that, and whether there was a first one.
func (t *tokenPace) took(whole time.Duration) (content time.Duration, ok bool) {
	first, last := t.first.Load(), t.last.Load()
	if last == 0 {
		last = int64(whole) + 1
	}
	return time.Duration(last - first), first != 0
}

// recordTokenPace records the time per output token of a stream that has ended
// after the whole time.
func (p *Prediction) recordTokenPace(whole time.Duration) {
	output := p.pace.output.Load()
	if output < 2 || p.lmCalls.Load() > 1 {
		return
	}
	if content, ok := p.pace.took(whole); ok && content >= 0 {
		each := content / time.Duration(output-1)
		p.predictor.recorder.tokenPaces.Get(string(p.predictor.kind)).Record(p.ctx, each.Seconds())
	}
}
