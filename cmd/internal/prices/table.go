package prices

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// table is the prices of models by their names in the list.
type table map[string]Price

// readTable reads a list. An error names the model and the member that is wrong.
func readTable(text []byte) (table, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("the file is empty: want a JSON object of models and their prices")
	}
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(text, &entries); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			line := 1 + bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte("\n"))
			return nil, fmt.Errorf("line %d is no JSON: %w", line, err)
		}
		return nil, errors.New("want a JSON object of models and their prices")
	}
	if entries == nil {
		return nil, errors.New("null: want a JSON object of models and their prices")
	}
	read := make(table, len(entries))
	for _, model := range slices.Sorted(maps.Keys(entries)) {
		price, err := readPrice(entries[model])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", model, err)
		}
		read[model] = price
	}
	return read, nil
}

func readPrice(text json.RawMessage) (Price, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil || members == nil {
		return Price{}, fmt.Errorf("want an object such as {\"input_cost_per_token\": 1.5e-07}, got %s", shortened(text))
	}
	var price Price
	for _, member := range []struct {
		name string
		usd  **float64
	}{
		{"input_cost_per_token", &price.Input},
		{"output_cost_per_token", &price.Output},
		{"cache_read_input_token_cost", &price.CacheRead},
		{"cache_creation_input_token_cost", &price.CacheWrite},
		{"output_cost_per_reasoning_token", &price.Reasoning},
	} {
		stated, ok := members[member.name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(stated, member.usd); err != nil || *member.usd != nil && **member.usd < 0 {
			return Price{}, fmt.Errorf("%s: want US dollars for one token, a number of at least 0, got %s", member.name, shortened(stated))
		}
	}
	return price, nil
}

// shortened returns the beginning of a value, for an error.
func shortened(text []byte) string {
	const most = 64
	if len(text) <= most {
		return string(text)
	}
	return strings.ToValidUTF8(string(text[:most]), "") + "…"
}

// price returns the price of the first name that is in the table.
func (t table) price(names []string) (Price, bool) {
	for _, name := range names {
		if price, ok := t[name]; ok {
			return price, true
		}
	}
	return Price{}, false
}
