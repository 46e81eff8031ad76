package usage

import (
	"encoding/json"

	"github.com/tidwall/gjson"
)

// The members by which an object speaks of itself, at its top level.
const (
	memberUsage    = "usage"
	memberCostUSD  = "cost_usd"
	memberCost     = "cost"
	memberCached   = "cached"
	memberCacheHit = "cache_hit"
	memberError    = "error"
	memberModel    = "model"
)

// FromJSON reads a JSON body. Large values in it cost time and no memory. One
// that is not a JSON object says nothing.
func FromJSON(body []byte) Report {
	if !json.Valid(body) {
		return Report{Ignored: []string{"the body is not JSON"}}
	}
	r := read(body)
	r.settle()
	return r
}

// read reads a valid JSON text.
func read(text []byte) Report {
	var r Report
	found := gjson.GetManyBytes(text, memberUsage, memberCostUSD, memberCost, memberCached, memberCacheHit, memberError, memberModel)
	r.Tokens = r.tokens(found[0])
	if len(r.Tokens) > 0 && r.Models == nil { // else it may be a word of the answer
		r.Model = modelName(found[6].Str)
	}
	for i, name := range []string{memberCostUSD, memberCost} {
		if r.Cost == nil {
			r.Cost = r.cost(name, found[1+i])
		}
	}
	for i, name := range []string{memberCached, memberCacheHit} {
		if r.Cached == nil {
			r.Cached = r.cached(name, found[3+i])
		}
	}
	if stated(found[5]) {
		r.error(found[5], text)
	}
	return r
}

// stated tells whether a member is there. To Python, null is a value not given.
func stated(value gjson.Result) bool { return value.Type != gjson.Null }

// empty tells a value that says nothing: null, false, "", [] and {}.
func empty(value gjson.Result) bool {
	switch value.Type {
	case gjson.Null, gjson.False:
		return true
	case gjson.String:
		return value.Str == ""
	case gjson.JSON:
		members := false
		value.ForEach(func(_, _ gjson.Result) bool {
			members = true
			return false
		})
		return !members
	default:
		return false
	}
}

func (r *Report) cost(name string, value gjson.Result) *float64 {
	if !stated(value) {
		return nil
	}
	cost, ok := parseAmount(value.Raw)
	if !ok || cost > maxCost {
		r.refuse(name, value.Raw, "a non-negative number of sensible size")
		return nil
	}
	return &cost
}

func (r *Report) cached(name string, value gjson.Result) *bool {
	if !stated(value) {
		return nil
	}
	if !value.IsBool() {
		r.refuse(name, value.Raw, "true or false")
		return nil
	}
	return new(value.Bool())
}

// error reads a member error and what stands beside it.
func (r *Report) error(value gjson.Result, text []byte) {
	switch {
	case empty(value):
		return
	case value.IsObject(), value.Type == gjson.String, value.Type == gjson.True:
	default:
		r.refuse(memberError, value.Raw, "a string or an object")
		return
	}
	r.fail(errorType(value, gjson.GetBytes(text, "error_type")))
}
