package prices

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// table is the prices of models.
type table struct {
	byName map[string]Price
	// byModel has the names of a model with providers, by its name without.
	byModel map[string][]string
}

// readTable reads a list. An error names the model and the member that is wrong.
func readTable(text []byte) (*table, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("the file is empty: want a JSON object of models and their prices")
	}
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(text, &entries); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			line := 1 + bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte("\n"))
			return nil, fmt.Errorf("line %d is not valid JSON: %w", line, err)
		}
		return nil, errors.New("want a JSON object of models and their prices")
	}
	if entries == nil {
		return nil, errors.New("null: want a JSON object of models and their prices")
	}
	t := &table{byName: make(map[string]Price, len(entries)), byModel: make(map[string][]string)}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		price, err := readPrice(entries[name])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		t.byName[name] = price
		if slash := strings.LastIndexByte(name, '/'); slash >= 0 {
			t.byModel[name[slash+1:]] = append(t.byModel[name[slash+1:]], name)
		}
	}
	return t, nil
}

func readPrice(text json.RawMessage) (Price, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil || members == nil {
		return Price{}, fmt.Errorf("want an object such as {\"input_cost_per_token\": 1.5e-07}, got %s", shortened(text))
	}
	var price Price
	for _, name := range slices.Sorted(maps.Keys(members)) {
		what, r, ok := parseMember(name)
		if !ok {
			continue
		}
		var usd *float64
		if err := json.Unmarshal(members[name], &usd); err != nil || usd != nil && *usd < 0 {
			return Price{}, fmt.Errorf("%s: want US dollars for one token, a number of at least 0, got %s", name, shortened(members[name]))
		}
		if usd != nil { // null is no price
			r.usd = *usd
			price.rates[what] = append(price.rates[what], r)
		}
	}
	price.sort()
	// One that is no text, as of a list by hand, is no provider that could be asked.
	_ = json.Unmarshal(members["litellm_provider"], &price.provider)
	return price, nil
}

// parseMember reads the name of a member: of what it is the price, and when it
// holds. It is not ok for what is not read.
func parseMember(name string) (what part, r rate, ok bool) {
	for what, base := range [parts]string{
		input:      "input_cost_per_token",
		output:     "output_cost_per_token",
		cacheRead:  "cache_read_input_token_cost",
		cacheWrite: "cache_creation_input_token_cost",
		reasoning:  "output_cost_per_reasoning_token",
	} {
		suffix, is := strings.CutPrefix(name, base)
		if !is {
			continue
		}
		r, ok = parseSuffix(suffix)
		return part(what), r, ok
	}
	return 0, rate{}, false
}

// parseSuffix reads the conditions of a price, such as _above_200k_tokens_priority.
func parseSuffix(suffix string) (r rate, ok bool) {
	if long, is := strings.CutPrefix(suffix, "_above_"); is {
		thousands, rest, is := strings.Cut(long, "k_tokens")
		n, err := strconv.ParseUint(thousands, 10, 32)
		if !is || err != nil || n == 0 {
			return rate{}, false
		}
		r.above, suffix = int64(n)*1000, rest
	}
	if suffix == "" {
		return r, true
	}
	r.tier, ok = strings.CutPrefix(suffix, "_")
	return r, ok && isTier(r.tier)
}

// shortened returns the beginning of a value, for an error.
func shortened(text []byte) string {
	const most = 64
	if len(text) <= most {
		return string(text)
	}
	return strings.ToValidUTF8(string(text[:most]), "") + "…"
}

// find returns the price of a model: see [List.Find].
func (t *table) find(asked, answered string) (Price, bool) {
	for _, c := range candidates(asked, answered) {
		if price, ok := t.byName[c.name]; ok && price.sells(c.providers) {
			return price, true
		}
	}
	if strings.Contains(asked, "/") {
		return Price{}, false
	}
	for _, name := range []string{answered, asked} {
		if price, ok := t.common(name); ok {
			return price, true
		}
	}
	return Price{}, false
}

// common returns the price of a model that has the same one at every provider.
func (t *table) common(name string) (Price, bool) {
	names := t.byModel[name]
	if len(names) == 0 {
		return Price{}, false
	}
	first := t.byName[names[0]]
	for _, other := range names[1:] {
		if !first.equal(t.byName[other]) {
			return Price{}, false
		}
	}
	return first, true
}
