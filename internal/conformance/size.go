package conformance

import (
	"fmt"
	"strings"
)

// What is kept takes at least so many bytes, apart from its texts.
const (
	familySize = 400
	sampleSize = 80
	labelSize  = 48
)

// size is how much memory a sample takes, roughly. Samples may share texts.
func (s sample) size() int64 {
	size := int64(sampleSize)
	for _, l := range s.labels {
		size += labelSize + int64(len(l.name)+len(l.value))
	}
	return size
}

func (f *Family) size() int64 {
	size := familySize + int64(len(f.name)+len(f.help)+len(f.unit))
	for _, s := range f.samples {
		size += s.size()
	}
	return size
}

// tooMuch is found when there is no room for the rest of a metric, or of all.
func tooMuch(metric string, bytes int64) Finding {
	return Finding{
		Severity: Error, Rule: TooLarge, Metric: short(metric),
		Message: fmt.Sprintf("more series than %d MiB have room for: the rest was not checked", bytes>>20),
	}
}

// cut keeps a text that no contract has from taking memory. The copy lets the rest go.
func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.Clone(text[:maxText])
}
