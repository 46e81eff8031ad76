package load

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Mix describes the requests. The shares are between 0 and 1, and refer to all
// requests.
type Mix struct {
	Types     []Weighted // prediction types
	Questions []string   // to make questions of, each different by its number
	Failures  float64    // requests that are meant to fail; with Repeats no more than 1
	Faults    []Weighted // values of the header X-Fault of those; if there are none, they are invalid
	Repeats   float64    // requests that repeat an earlier one
	Streams   float64    // requests for a stream
}

// Weighted is a value that is drawn in proportion to its weight.
type Weighted struct {
	Value  string
	Weight float64 // positive
}

// UnmarshalText reads VALUE=WEIGHT. The value may hold a = itself.
func (w *Weighted) UnmarshalText(text []byte) error {
	at := strings.LastIndexByte(string(text), '=')
	if at < 1 {
		return fmt.Errorf("%q is not VALUE=WEIGHT", text)
	}
	weight, err := strconv.ParseFloat(string(text[at+1:]), 64)
	if err != nil || !(weight > 0) || weight > maxWeight {
		return fmt.Errorf("%q: the weight %q is not a positive number up to %g", text, text[at+1:], maxWeight)
	}
	w.Value, w.Weight = string(text[:at]), weight
	return nil
}

// maxWeight keeps sums of weights finite.
const maxWeight = 1e9

func draw(random *rand.Rand, among []Weighted) string {
	sum := 0.0
	for _, w := range among {
		sum += w.Weight
	}
	drawn := random.Float64() * sum
	for _, w := range among {
		if drawn -= w.Weight; drawn < 0 {
			return w.Value
		}
	}
	return among[len(among)-1].Value
}
