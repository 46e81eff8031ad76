package slo

// The time over which the objectives hold, as a number of days and as PromQL
// writes it.
const (
	Days   = 30
	Window = "30d"
)

// BurnRate is an alert over two windows: the long one says that it matters, the
// short one that it goes on.
type BurnRate struct {
	// Long and Short are windows as PromQL writes them.
	Long, Short string
	// Factor is how many times faster than allowed the budget of [Days] is spent.
	Factor float64
	// Wait is how long the alert is pending, Severity its label.
	Wait, Severity string
}

// BurnRates returns those of Google's SRE workbook, the fastest first, with the
// day in between that kubernetes-mixin and sloth add.
func BurnRates() []BurnRate {
	return []BurnRate{
		{"1h", "5m", 14.4, "2m", "critical"},
		{"6h", "30m", 6, "15m", "critical"},
		{"1d", "2h", 3, "1h", "warning"},
		{"3d", "6h", 1, "3h", "warning"},
	}
}
