// Command mimirrules reads files of rules as mimirtool does before it loads them
// into the ruler of Mimir, whose fork of Prometheus decides what an expression is.
// The whole tool needs modules that not every proxy has, its parser does not.
package main

import (
	"fmt"
	"os"

	"github.com/grafana/mimir/pkg/mimirtool/rules"
)

// limit is how many rules of a group the ruler takes from a tenant, unless it is told
// otherwise: -ruler.max-rules-per-rule-group.
const limit = 20

func main() {
	if err := check(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "mimirrules: %v\n", err)
		os.Exit(1)
	}
}

func check(files []string) error {
	namespaces, err := rules.ParseFiles(rules.MimirBackend, files)
	if err != nil {
		return err // the parser has logged the file and what is wrong in it
	}
	count := 0
	for file, namespace := range namespaces {
		for _, group := range namespace.Groups {
			if len(group.Rules) > limit {
				return fmt.Errorf("%s: group %s has %d rules, and the ruler takes %d", file, group.Name, len(group.Rules), limit)
			}
			count += len(group.Rules)
		}
	}
	fmt.Printf("%d rules\n", count)
	return nil
}
