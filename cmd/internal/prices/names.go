package prices

import "strings"

// Names returns the names under which a list may have a model, the best first.
// asked is the model that was asked for and answered the one that says it
// answered, both as they are written, with or without a provider before a slash;
// either may be empty.
//
// Whole names go first, since the same model has another price at another
// provider: that of the answer with the provider that was asked, then that of the
// request if it has a provider, and that of the answer. Then follow the same ones
// without their providers, which some names have several of
// (openrouter/openai/gpt-4o).
func Names(asked, answered string) []string {
	var names []string
	provider, _, provided := strings.Cut(asked, "/")
	if provided && answered != "" && !strings.HasPrefix(answered, provider+"/") {
		names = append(names, provider+"/"+answered)
	}
	written := []string{answered, asked}
	if provided {
		written = []string{asked, answered}
	}
	for _, name := range written {
		if name != "" {
			names = append(names, name)
		}
	}
	for _, name := range []string{answered, asked} {
		for {
			_, rest, ok := strings.Cut(name, "/")
			if !ok {
				break
			}
			if name = rest; name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}
