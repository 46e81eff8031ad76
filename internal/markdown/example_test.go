package markdown_test

import (
	"fmt"

	"github.com/dspy-metrics/dspy-metrics/internal/markdown"
)

func ExampleTable() {
	fmt.Print(markdown.Table([][]string{
		{"name", "bounds", "meaning"},
		{markdown.Code("a|b"), markdown.Numbers([]float64{0.5, 1}), markdown.Cell("one\nor the other")},
	}))
	// Output:
	// | name | bounds | meaning |
	// | --- | --- | --- |
	// | `a\|b` | 0.5, 1 | one or the other |
}
