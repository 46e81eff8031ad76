package answer

import (
	"hash/maphash"
	"slices"
)

// completions are the calls of language models that a DSPy program makes for one
// answer, recovered from the chunks that it forwards. Their usages are added up,
// unlike in all other dialects. The usages of chunks of one call are not added up,
// because they are cumulative.
//
// The ID of a chunk is the ID of its call. But some servers give each chunk its own
// ID, and DSPy's own clients set none. So the calls are separated in two ways at
// once, and [completions.spent] chooses one:
//
//   - by ID, if any ID occurred twice
//   - otherwise by their end: if a choice continues after its finish_reason, the
//     next call of the same predictor has begun
type completions struct {
	byID   []completion
	inTurn []turn
	// repeated: an id came with several chunks.
	repeated bool
	full     bool // there were more calls than are kept
	// between: a choice of the last chunk's call is over, so that the same chunk
	// would be one of the next call.
	between bool

	seed   maphash.Seed
	recent [32]uint64 // hashes of the ids of the last chunks
	next   int        // where the next one goes in recent
}

// completion is the usage that the chunks with one ID state.
type completion struct {
	id    uint64
	spent statement
}

// turn is the usage that the chunks of one predictor state, one call after another.
type turn struct {
	predict    uint64
	identified bool // the chunks have ids
	before     spent
	spent      statement // of the call that goes on
	stopped    uint64    // choices of the call
}

// read reads a chunk but for its choices, and returns whose turn it is.
func (c *completions) read(id, predict value, stated *statement) *turn {
	if c.inTurn == nil {
		c.seed = maphash.MakeSeed()
	}
	id = id.content()
	t := c.turn(maphash.Bytes(c.seed, predict), len(id) > 0)
	if len(id) == 0 {
		return t
	}
	hash := maphash.Bytes(c.seed, id)
	if !c.repeated {
		c.note(hash)
	}
	if stated.some {
		if known := c.completion(hash); known != nil {
			known.merge(stated)
		}
	}
	return t
}

// note looks for an id among those of the last chunks.
func (c *completions) note(id uint64) {
	c.repeated = slices.Contains(c.recent[:], id)
	c.recent[c.next] = id
	c.next = (c.next + 1) % len(c.recent)
}

// completion returns the one with this id, or nil if there are too many.
func (c *completions) completion(id uint64) *statement {
	const most = 1024
	for i := len(c.byID) - 1; i >= 0; i-- {
		if c.byID[i].id == id {
			return &c.byID[i].spent
		}
	}
	if len(c.byID) == most {
		c.full = true
		return nil
	}
	c.byID = append(c.byID, completion{id: id})
	return &c.byID[len(c.byID)-1].spent
}

// turn returns the one of a predictor. Of very many, the rest share one.
func (c *completions) turn(predict uint64, identified bool) *turn {
	const most = 64
	for i := range c.inTurn {
		if t := &c.inTurn[i]; t.identified == identified && t.predict == predict {
			return t
		}
	}
	if len(c.inTurn) < most {
		c.inTurn = append(c.inTurn, turn{predict: predict, identified: identified})
	}
	return &c.inTurn[len(c.inTurn)-1]
}

// choice reads a choice of a chunk, before what the chunk states.
func (t *turn) choice(part choice) {
	if t.stopped&bit(part.index) != 0 && (hasContent(part.delta) || len(part.text) > 2) {
		t.before.add(t.spent.spent())
		t.spent, t.stopped = statement{}, 0
	}
	if part.finish.stated() {
		t.stopped |= bit(part.index)
	}
}

// spent returns what all calls spent, and whether some of them are missing.
func (c *completions) spent() (sum spent, some bool) {
	for i := range c.inTurn {
		t := &c.inTurn[i]
		if !t.identified || !c.repeated {
			sum.add(t.before)
			sum.add(t.spent.spent())
		}
	}
	if !c.repeated {
		return sum, false
	}
	for i := range c.byID {
		sum.add(c.byID[i].spent.spent())
	}
	return sum, c.full
}
