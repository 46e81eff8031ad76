package check

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/fatih/color"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

// Table writes the reports for people, in color or not.
func (r Reports) Table(w io.Writer, colored bool) error {
	paint := newPaint(colored)
	for i, report := range r {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if err := report.table(w, paint); err != nil {
			return err
		}
	}
	return nil
}

func (r Report) table(w io.Writer, paint paint) error {
	if r.Unchecked != "" {
		_, err := fmt.Fprintf(w, "%s: %s %s\n", paint.bold(visible(r.Target)), paint.red("not checked:"), visible(r.Unchecked))
		return err
	}
	verdict := paint.green("clean")
	summary := Reports{r}.Summary()
	switch {
	case summary.Fails(conformance.Warning):
		verdict = summary.String()
	case summary.Notes > 0:
		verdict += ", " + plural(summary.Notes, "note")
	}
	of := fmt.Sprintf("%s of %s as %s: ", plural(r.Series, "sample"), visible(r.Contract), r.Format)
	if r.Contract == "" {
		of = fmt.Sprintf("%s as %s: ", plural(r.Series, "sample"), r.Format)
	}
	switch {
	case r.Queries > 0:
		of = "1 query: "
		if r.Queries > 1 {
			of = fmt.Sprintf("%d queries: ", r.Queries)
		}
	case r.Format == "":
		of = "" // It is about several targets.
	}
	if r.Readings > 1 {
		verdict += fmt.Sprintf(", in %d readings", r.Readings)
	}
	if _, err := fmt.Fprintf(w, "%s: %s%s\n", paint.bold(visible(r.Target)), of, verdict); err != nil {
		return err
	}
	if len(r.Findings) == 0 {
		return nil
	}
	// Colors would count as width, so they come after the columns.
	var plain bytes.Buffer
	columns := tabwriter.NewWriter(&plain, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(columns, "SEVERITY\tRULE\tAT\tMETRIC\tFINDING")
	for _, f := range r.Findings {
		at := ""
		if f.Line > 0 {
			at = fmt.Sprintf("%d:%d", f.Line, f.Column)
		}
		_, _ = fmt.Fprintf(columns, "%s\t%s\t%s\t%s\t%s\n", f.Severity, f.Rule, at, visible(f.Metric), visible(f.Message))
		for _, more := range []string{f.Labels, f.Remedy} {
			if more != "" {
				_, _ = fmt.Fprintf(columns, "\t\t\t\t  %s\n", visible(more))
			}
		}
	}
	if err := columns.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(plain.String()) {
		if _, err := io.WriteString(w, paint.line(line)); err != nil {
			return err
		}
	}
	return nil
}

// visible keeps a hostile page from controlling the terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// paint holds the colors.
type paint struct {
	bold, red, yellow, green, faint func(a ...any) string
}

func newPaint(colored bool) paint {
	of := func(attribute color.Attribute) func(...any) string {
		c := color.New(attribute)
		if colored {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
		return c.SprintFunc()
	}
	return paint{of(color.Bold), of(color.FgRed), of(color.FgYellow), of(color.FgGreen), of(color.Faint)}
}

// line colors a line of the table by its first word.
func (p paint) line(line string) string {
	text := strings.TrimRight(line, " \n")
	word, rest, _ := strings.Cut(text, " ")
	switch word {
	case string(conformance.Error):
		text = p.red(word) + " " + rest
	case string(conformance.Warning):
		text = p.yellow(word) + " " + rest
	case "SEVERITY":
		text = p.bold(text)
	default:
		text = p.faint(text)
	}
	return text + "\n"
}
