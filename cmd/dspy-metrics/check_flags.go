package main

import "time"

// targetFlags are the flags for connecting to targets and reading them.
type targetFlags struct {
	Exposition string        `default:"auto" enum:"auto,text,openmetrics" help:"Exposition format to request and read: auto, text or openmetrics (${default})."`
	Timeout    time.Duration `default:"10s" help:"Time limit for one request and its answer (${default})."`
	MaxBytes   int           `default:"16777216" placeholder:"N" help:"Size limit of a page or export after decompression, in bytes (${default})."`

	CAFile                string   `name:"ca-file" type:"path" placeholder:"FILE" help:"Certificate authorities to trust, in PEM. By default those of the system."`
	CertFile              string   `type:"path" placeholder:"FILE" help:"Client certificate, in PEM."`
	KeyFile               string   `type:"path" placeholder:"FILE" help:"Private key of the client certificate, in PEM."`
	Insecure              bool     `help:"Do not verify the server certificate."`
	Header                []string `sep:"none" placeholder:"'NAME: VALUE'" help:"Request header. May be repeated."`
	BasicAuthUser         string   `placeholder:"NAME" help:"User name for basic authentication."`
	BasicAuthPasswordFile string   `type:"path" placeholder:"FILE" help:"File with the password for basic authentication."`
	BearerTokenFile       string   `type:"path" placeholder:"FILE" help:"File with a bearer token."`
}
