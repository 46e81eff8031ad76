// Command thanosrules reads files of rules as the ruler of Thanos does, and as its
// command "thanos tools rules-check", which brings the clients of every object store.
package main

import (
	"fmt"
	"os"

	"github.com/thanos-io/thanos/pkg/rules"
)

func main() {
	if err := check(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "thanosrules: %v\n", err)
		os.Exit(1)
	}
}

func check(paths []string) error {
	count := 0
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		n, errs := rules.ValidateAndCount(file)
		if err := errs.Err(); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		count += n
		if err := file.Close(); err != nil {
			return err
		}
	}
	fmt.Printf("%d rules\n", count)
	return nil
}
