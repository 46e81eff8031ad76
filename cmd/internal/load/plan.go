package load

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
)

// request is one to be sent.
type request struct {
	kind     string // the prediction type
	body     []byte
	fault    string // asked for by header
	stream   bool
	provoked bool // meant to fail
	repeat   bool
}

// planner decides what is sent. The sequence follows from the mix and the seed.
type planner struct {
	mix    Mix
	seed   uint64
	random *rand.Rand
	fresh  int
	recent map[bool][]request // to be repeated, by whether they are streamed
}

func newPlanner(mix Mix, seed uint64) *planner {
	return &planner{
		mix: mix, seed: seed, recent: make(map[bool][]request),
		random: rand.New(rand.NewPCG(seed, 0)), //nolint:gosec // a sequence that can be had again is the point
	}
}

func (p *planner) next() request {
	stream := p.random.Float64() < p.mix.Streams
	recent := p.recent[stream]
	switch drawn := p.random.Float64(); {
	case drawn < p.mix.Failures:
		return p.failing(stream)
	case drawn < p.mix.Failures+p.mix.Repeats && len(recent) > 0:
		again := recent[p.random.IntN(len(recent))]
		again.repeat = true
		return again
	}
	r := p.wellFormed(stream)
	p.remember(r)
	return r
}

// repeatable is how many requests of each sort may be repeated: fewer than the
// caches of most services hold.
const repeatable = 64

func (p *planner) remember(r request) {
	recent := p.recent[r.stream]
	if len(recent) < repeatable {
		p.recent[r.stream] = append(recent, r)
		return
	}
	recent[p.random.IntN(len(recent))] = r
}

func (p *planner) wellFormed(stream bool) request {
	kind := draw(p.random, p.mix.Types)
	return request{kind: kind, stream: stream, body: p.body(kind)}
}

// unknownType is a prediction type that no service has.
const unknownType = "unknown"

func (p *planner) failing(stream bool) request {
	r := p.wellFormed(stream)
	r.provoked = true
	switch {
	case len(p.mix.Faults) > 0:
		r.fault = draw(p.random, p.mix.Faults)
	case p.random.IntN(2) == 0:
		r.body = p.body(unknownType)
	default:
		r.body = r.body[:len(r.body)-1]
	}
	return r
}

// body asks a question that no other run asks, unless it has the same seed.
func (p *planner) body(kind string) []byte {
	var asked struct {
		PredictionType string `json:"prediction_type"`
		Inputs         struct {
			Question string `json:"question"`
		} `json:"inputs"`
	}
	question := p.mix.Questions[p.random.IntN(len(p.mix.Questions))]
	p.fresh++
	asked.PredictionType = kind
	asked.Inputs.Question = fmt.Sprintf("%s (%x-%d)", question, p.seed, p.fresh)
	body, _ := json.Marshal(asked) // strings always marshal
	return body
}
