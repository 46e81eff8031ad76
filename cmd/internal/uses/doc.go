// Package uses finds the PromQL of dashboards and rules, and holds it against the
// metrics that a contract promises and that pages have.
//
// [Find] reads files: dashboards of Grafana, rule files of Prometheus, resources of
// its operator and config maps that hold either. [Checker] judges the queries. It
// parses them with Prometheus' own parser.
package uses
