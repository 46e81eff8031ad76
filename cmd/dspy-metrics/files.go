package main

const (
	// ownFiles is how many files the process needs for itself: its output, caches,
	// exporters, certificates.
	ownFiles = 24
	// muchOfFiles is the most that is set aside for one purpose.
	muchOfFiles = 1000
)

// connections returns how many connections the listener of the predictions may have,
// and that of the metrics, when so many files may be open: each prediction needs a
// file for its connection to the program too. 0 is any number.
func connections(files, predictions int) (clients, scrapes int) {
	if files == 0 {
		return 0, 0
	}
	third := max(1, (files-ownFiles)/3)
	scrapes = min(third, muchOfFiles)
	return max(third, files-ownFiles-predictions-scrapes), scrapes
}
