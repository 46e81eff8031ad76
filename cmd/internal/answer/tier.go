package answer

import "strings"

// tierOf returns where a service tier is stated: in a text, which is in an object
// for Bedrock. It is nil for what is none, and for auto, which is a question and no
// answer.
func tierOf(v value) value {
	const longest = 32
	if v.isObject() {
		v = v.at("type")
	}
	if !v.isString() || len(v) > longest || v.is("auto") || v.empty() {
		return nil
	}
	return v
}

// usageTier returns where a usage states the service tier. Vertex AI states the
// kind of traffic in its place.
func usageTier(usage value) value {
	var tiers [4]value // by name, the first before the others
	for m := usage.members(); m.next(); {
		var at int
		switch string(m.name) {
		case "service_tier":
		case "serviceTier":
			at = 1
		case "trafficType":
			at = 2
		case "traffic_type":
			at = 3
		default:
			continue
		}
		if tiers[at] == nil {
			tiers[at] = tierOf(m.value)
		}
	}
	for _, tier := range tiers {
		if tier != nil {
			return tier
		}
	}
	return nil
}

// readTier notes the service tier, as long as it is one.
func (s *state) readTier(tier value) {
	switch text := tier.content(); {
	case len(text) == 0 || string(text) == s.tier:
	case s.tier == "":
		s.tier = tier.String()
	default:
		s.severalTiers = true
	}
}

// tierName returns a service tier by its usual name, as Vertex AI's
// ON_DEMAND_PRIORITY is priority.
func tierName(stated string) string {
	return strings.TrimPrefix(strings.ToLower(stated), "on_demand_")
}
