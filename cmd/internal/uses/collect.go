package uses

import (
	"regexp"
	"strings"
)

// collector takes the queries out of one document.
type collector struct {
	*finder
	file   string
	outer  node // where the document is, if it is inside another
	values map[string]string
}

// scope is the context of a value: what the surrounding fields set.
type scope struct {
	title string
	// foreign is set where the data is not from Prometheus.
	foreign bool
}

// walk takes every field with the name expr, by which Grafana and Prometheus call
// a query, and the queries of Grafana's variables.
func (c *collector) walk(n node, s scope) {
	for _, item := range n.items {
		c.walk(item, s)
	}
	if len(n.fields) == 0 {
		return
	}
	for _, name := range []string{"name", "title", "alert", "record"} {
		if text := n.get(name).text; text != "" {
			s.title = text
		}
	}
	if source, ok := source(n); ok {
		s.foreign = !fromPrometheus(source)
	}
	if expr := n.get("expr"); expr.text != "" && !s.foreign {
		q := c.query(expr, expr.text, s.title)
		q.Record = n.get("record").text
		for _, label := range n.get("labels").fields {
			q.Labels = append(q.Labels, label.name)
		}
		for _, match := range shown.FindAllStringSubmatch(n.get("legendFormat").text, -1) {
			q.Legend = append(q.Legend, match[1])
		}
		c.Queries = append(c.Queries, q)
	}
	if !s.foreign {
		c.variable(n)
	}
	for _, f := range n.fields {
		c.walk(f.value, s)
	}
}

func (c *collector) query(at node, expr, name string) Query {
	q := Query{File: c.file, Line: at.line, Column: at.column, Name: name, Expr: expr, Values: c.values}
	if c.outer.line > 0 {
		// Lines of the inner text follow the line of the field.
		q.Line, q.Column = c.outer.line+at.line, 1
	}
	return q
}

// source is the kind of data source of a panel, a query or a variable.
func source(n node) (kind string, ok bool) {
	datasource := n.get("datasource")
	if kind := datasource.get("type").text; kind != "" {
		return kind, true
	}
	// The second form of Grafana's dashboards.
	if n.get("kind").text == "DataQuery" && n.get("group").text != "" {
		return n.get("group").text, true
	}
	return "", false
}

func fromPrometheus(kind string) bool {
	kind = strings.ToLower(kind)
	// A variable or a mixed panel says the kind of each query by itself.
	return strings.Contains(kind, "prometheus") || strings.Contains(kind, "victoriametrics") || strings.Contains(kind, "mimir") ||
		strings.HasPrefix(kind, "$") || kind == "datasource" || kind == "mixed"
}

// shown matches a label in the legend of a graph.
var shown = regexp.MustCompile(`{{\s*([a-zA-Z_]\w*)\s*}}`)

// The functions of Grafana's variables.
var (
	labelValues = regexp.MustCompile(`^\s*label_values\(\s*(?:([\s\S]+?)\s*,\s*)?([a-zA-Z_$][\w$]*)\s*\)\s*$`)
	queryResult = regexp.MustCompile(`^\s*query_result\(([\s\S]+)\)\s*$`)
	metrics     = regexp.MustCompile(`^\s*metrics\(([\s\S]+)\)\s*$`)
)

// variable takes the query of a variable. A variable of label values becomes a
// query that groups by the label.
func (c *collector) variable(n node) {
	if kind := n.get("type").text; kind != "query" && n.get("kind").text != "QueryVariable" {
		return
	}
	var at node
	for _, path := range [][]string{
		{"query"},
		{"query", "query"},
		{"definition"},
		{"spec", "query", "spec", "query"},
		{"spec", "query", "spec", "__legacyStringValue"},
		{"spec", "definition"},
	} {
		if at = n.at(path...); at.text != "" {
			break
		}
	}
	name := n.get("name").text
	if name == "" {
		name = n.at("spec", "name").text
	}
	expr := ""
	if match := labelValues.FindStringSubmatch(at.text); match != nil && match[1] != "" {
		expr = "group by (" + match[2] + ") (" + match[1] + ")"
	} else if match := queryResult.FindStringSubmatch(at.text); match != nil {
		expr = match[1]
	} else if match := metrics.FindStringSubmatch(at.text); match != nil {
		expr = "{__name__=~" + quoted(".*"+strings.Trim(match[1], `"' `)+".*") + "}"
	}
	if expr != "" {
		c.Queries = append(c.Queries, c.query(at, expr, "$"+name))
	}
}

// variables are the values that a dashboard states for its variables.
func variables(document node) map[string]string {
	values := make(map[string]string)
	list := document.at("templating", "list").items
	for _, place := range [][]string{{"dashboard", "templating", "list"}, {"spec", "templating", "list"}, {"spec", "variables"}} {
		list = append(list, document.at(place...).items...)
	}
	for _, v := range list {
		kind := v.get("type").text
		if v.get("spec").fields != nil {
			kind, v = v.get("kind").text, v.get("spec")
		}
		if strings.HasPrefix(strings.ToLower(kind), "query") || strings.HasPrefix(strings.ToLower(kind), "datasource") || strings.HasPrefix(strings.ToLower(kind), "adhoc") {
			continue
		}
		value := v.at("current", "value").text
		if value == "" || strings.HasPrefix(value, "$") {
			value, _, _ = strings.Cut(v.get("query").text, ",")
		}
		if name := v.get("name").text; name != "" && value != "" {
			values[name] = strings.TrimSpace(value)
		}
	}
	return values
}
