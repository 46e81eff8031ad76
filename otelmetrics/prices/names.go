package prices

import (
	"slices"
	"strings"
)

// candidate is a name under which a list may have a model.
type candidate struct {
	name string
	// providers are those of the name as it was written, if this one is without
	// them: a price of somebody else's is not meant.
	providers []string
}

// candidates returns the names under which a list may have a model, the best
// first. asked is the model that was asked for and answered the one that says it
// answered, both as they are written; either may be empty.
//
// Whole names go first, since the same model has another price at another
// provider: that of the answer with the provider that was asked, then that of the
// request if it has a provider, and that of the answer. Then follow the same ones
// without their providers, which some names have several of
// (openrouter/openai/gpt-4o).
func candidates(asked, answered string) []candidate {
	var all []candidate
	add := func(name string, providers []string) {
		if name != "" && !slices.ContainsFunc(all, func(c candidate) bool { return c.name == name }) {
			all = append(all, candidate{name, providers})
		}
	}
	provider, _, provided := strings.Cut(asked, "/")
	own := !provided || strings.Contains(answered, "/") // nobody asked a provider, or the answer names its own
	if provided {
		if answered != "" && !strings.HasPrefix(answered, provider+"/") {
			add(provider+"/"+answered, nil)
		}
		add(asked, nil)
	}
	askedProviders := providersOf(asked)
	if own {
		add(answered, nil)
	} else {
		add(answered, askedProviders)
	}
	add(asked, nil)
	for _, written := range []string{answered, asked} {
		providers := append(slices.Clone(askedProviders), providersOf(written)...)
		for rest, ok := cutProvider(written); ok; rest, ok = cutProvider(rest) {
			add(rest, providers)
		}
	}
	return all
}

// providersOf returns what is before the slashes of a name.
func providersOf(name string) []string {
	parts := strings.Split(name, "/")
	return parts[:len(parts)-1]
}

func cutProvider(name string) (rest string, ok bool) {
	_, rest, ok = strings.Cut(name, "/")
	return rest, ok
}

// sells reports whether the provider of an entry is one of those that a name was
// written with, or none of them is known. The list has several kinds of service of
// one provider, such as vertex_ai-language-models and bedrock_converse.
func (p Price) sells(providers []string) bool {
	if p.provider == "" || len(providers) == 0 {
		return true
	}
	return slices.ContainsFunc(providers, func(provider string) bool {
		rest, ok := strings.CutPrefix(p.provider, provider)
		return ok && (rest == "" || rest[0] == '-' || rest[0] == '_')
	})
}
