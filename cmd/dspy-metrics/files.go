package main

const (
	// ownFiles is how many files the process needs for itself: its output, caches,
	// exporters, certificates.
	ownFiles = 24
	// muchOfFiles is the most files that are reserved for one purpose.
	muchOfFiles = 1000
)

// connections returns how many connections the listeners of the predictions and of the
// metrics may have, if the process may open this number of files. Each prediction also
// needs a file for its connection to the program. 0 means no limit.
func connections(files, predictions int) (clients, scrapes int) {
	if files == 0 {
		return 0, 0
	}
	third := max(1, (files-ownFiles)/3)
	scrapes = min(third, muchOfFiles)
	return max(third, files-ownFiles-predictions-scrapes), scrapes
}
