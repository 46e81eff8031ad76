// Package address names clients by where their connections come from.
package address

import (
	"net/netip"
)

// ipv6Client is how much of an IPv6 address names a client: a provider gives each
// of its customers at least so many addresses (RFC 6177).
const ipv6Client = 64

// Of returns the client of a connection whose remote address is given as
// [net/http.Request] has it: an IPv4 address, or the /64 of an IPv6 address. What
// is neither, such as a Unix socket, is one client, the zero Prefix.
//
// Addresses that a request says it was forwarded for are not looked at. Whoever
// sends the request can write them.
func Of(remote string) netip.Prefix {
	connection, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	client := connection.Addr().Unmap().WithZone("")
	bits := client.BitLen()
	if client.Is6() {
		bits = ipv6Client
	}
	prefix, err := client.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
