package uses

// Query is one expression of PromQL in a file.
type Query struct {
	File         string
	Line, Column int
	// Name is the name for people: the alert, the recorded series or the panel.
	Name string
	Expr string
	// Record is the series that a rule records.
	Record string
	// Labels are those that a rule adds.
	Labels []string
	// Legend are the labels that the names of the lines in a graph show.
	Legend []string
	// Values are the values of the dashboard's variables, as far as the file states
	// them.
	Values map[string]string
}

// Problem is a file, or a part of one, that could not be read.
type Problem struct {
	File         string
	Line, Column int
	Text         string
}

// Found is the result of [Find].
type Found struct {
	Queries  []Query
	Problems []Problem
	// Files is how many files were read.
	Files int
}
