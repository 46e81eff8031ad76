// Package markdown writes the tables of generated documents.
package markdown

import (
	"fmt"
	"slices"
	"strings"
)

// Table renders rows, the first of which is the head.
func Table(rows [][]string) string {
	rows = slices.Insert(rows, 1, slices.Repeat([]string{"---"}, len(rows[0])))
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	return b.String()
}

// Cell keeps a text within its cell.
func Cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

// Code is a cell in the type of code.
func Code(text string) string { return "`" + Cell(text) + "`" }

// Numbers lists numbers in a cell.
func Numbers(all []float64) string {
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(all)), ", "), "[]")
}
