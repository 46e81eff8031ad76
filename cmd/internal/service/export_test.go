package service

// IgnoredHeaders returns the rows of the table of headers that are not in the key: the
// names, and the reason.
func IgnoredHeaders() map[string][]string {
	rows := make(map[string][]string)
	for _, row := range ignoredHeaders() {
		rows[row.reason] = row.names
	}
	return rows
}

// AddressHeaders returns the headers that are not in the key if they have addresses only.
func AddressHeaders() []string { return addressHeaders() }
