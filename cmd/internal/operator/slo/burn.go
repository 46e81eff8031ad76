package slo

// The time over which the objectives hold, as a number of days and as PromQL
// writes it.
const (
	Days   = 30
	Window = "30d"
)

// BurnRate is a condition over two windows: the long one says that it matters, the
// short one that it goes on.
type BurnRate struct {
	// Long and Short are windows as PromQL writes them.
	Long, Short string
	// Factor is how many times faster than allowed the budget of [Days] is spent.
	Factor float64
}

// BurnAlert is an alert that any of its conditions brings about, so that one
// incident is one alert however many windows see it.
type BurnAlert struct {
	// Severity is the label of the alert, Wait how long it is pending.
	Severity, Wait string
	Rates          []BurnRate
}

// BurnAlerts returns those of Google's SRE workbook, the fastest first, with the
// day in between that kubernetes-mixin and sloth add: a page and a ticket.
func BurnAlerts() []BurnAlert {
	return []BurnAlert{
		{"critical", "2m", []BurnRate{{"1h", "5m", 14.4}, {"6h", "30m", 6}}},
		{"warning", "1h", []BurnRate{{"1d", "2h", 3}, {"3d", "6h", 1}}},
	}
}

// BurnRates returns the conditions of all alerts, the fastest first.
func BurnRates() []BurnRate {
	var all []BurnRate
	for _, alert := range BurnAlerts() {
		all = append(all, alert.Rates...)
	}
	return all
}
