package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/alecthomas/kong"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/registry"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// noContract is the value of --contract that checks only the rules of the format.
const noContract = "none"

// namedContract is a contract and what a report calls it.
type namedContract struct {
	contract.Contract
	name string
}

// promisedBy returns the contract that a flag names: a contract file, a registry
// of semantic conventions or a package of them, or none; the documented one if
// the flag is empty.
func promisedBy(flag, path string) (namedContract, error) {
	switch path {
	case "":
	case noContract:
		return namedContract{}, nil
	default:
		path = kong.ExpandPath(path)
		if !registry.Is(path) {
			break
		}
		promised, err := registry.Load(path)
		if _, wrong := errors.AsType[*registry.Mistake](err); wrong {
			return namedContract{}, usageError{fmt.Errorf("%s: the registry has errors:\n%w", flag, err)}
		}
		if err != nil {
			return namedContract{}, usageError{fmt.Errorf("%s: %w", flag, err)}
		}
		return namedContract{promised, filepath.Base(path)}, nil
	}
	documented, err := loadContract(flag, path)
	return namedContract{contract.Of(documented), "dspy_*"}, err
}
