package otelmetricstest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// sample is one line of a page.
type sample struct {
	name   string
	labels []*dto.LabelPair // by name, with le at the end, as on a page
	value  float64
}

// parseSamples reads the lines of the text format that are neither blank nor
// comments. A histogram's are taken one by one, as whoever writes them down
// sees them.
func parseSamples(text string) ([]sample, error) {
	var samples []sample
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		s, err := parseSample(line)
		if err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
		samples = append(samples, s)
	}
	return samples, nil
}

func parseSample(line string) (sample, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(line + "\n"))
	if err != nil {
		return sample{}, err
	}
	var s sample
	for name, family := range families {
		metric := family.GetMetric()[0]
		s = sample{name: name, labels: metric.GetLabel(), value: metric.GetUntyped().GetValue()}
	}
	slices.SortFunc(s.labels, func(a, b *dto.LabelPair) int {
		return cmp.Compare(place(a.GetName()), place(b.GetName()))
	})
	return s, nil
}

// place sorts labels by name, but le behind all others.
func place(name string) string {
	if name == "le" {
		return "\xff"
	}
	return name
}

// label returns the value of a label, empty without one.
func (s sample) label(name string) string {
	for _, pair := range s.labels {
		if pair.GetName() == name {
			return pair.GetValue()
		}
	}
	return ""
}

// series is the name with the labels in their order. Names beyond ASCII stand in
// quotes, the metric's among the labels.
func (s sample) series() string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	quote := func(text string) string { return `"` + escape.Replace(text) + `"` }
	name := s.name
	var pairs []string
	if !model.LegacyValidation.IsValidMetricName(name) {
		name, pairs = "", []string{quote(name)}
	}
	for _, pair := range s.labels {
		key := pair.GetName()
		if !model.LegacyValidation.IsValidLabelName(key) {
			key = quote(key)
		}
		pairs = append(pairs, key+"="+quote(pair.GetValue()))
	}
	if len(pairs) == 0 {
		return name
	}
	return name + "{" + strings.Join(pairs, ",") + "}"
}

// digits are those of a fraction that count. More are the rounding of sums, and
// not the same on every machine.
const digits = 9

func (s sample) String() string {
	precision := -1
	if s.value != math.Trunc(s.value) {
		precision = digits
	}
	return s.series() + " " + strconv.FormatFloat(s.value, 'g', precision, 64)
}

// equal reports whether one may be the other as it is written: half a unit of the
// last digit apart.
func equal(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) ||
		math.Abs(a-b) <= 5*math.Pow10(-digits)*math.Max(math.Abs(a), math.Abs(b))
}
