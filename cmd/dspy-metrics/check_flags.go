package main

import "time"

// targetFlags say how targets are reached and read.
type targetFlags struct {
	Exposition string        `default:"auto" enum:"auto,text,openmetrics" help:"Format to ask for and to read: auto, text or openmetrics (${default})."`
	Timeout    time.Duration `default:"10s" help:"Longest time for one request, its answer included (${default})."`
	MaxBytes   int           `default:"16777216" placeholder:"N" help:"Largest page or export when unpacked (${default})."`

	CAFile                string   `name:"ca-file" type:"path" placeholder:"FILE" help:"Authorities to trust, in PEM; by default the system's."`
	CertFile              string   `type:"path" placeholder:"FILE" help:"Client certificate, in PEM."`
	KeyFile               string   `type:"path" placeholder:"FILE" help:"Key of the client certificate, in PEM."`
	Insecure              bool     `help:"Accept every server certificate."`
	Header                []string `sep:"none" placeholder:"'NAME: VALUE'" help:"Header to send; may be repeated."`
	BasicAuthUser         string   `placeholder:"NAME" help:"User for basic authentication."`
	BasicAuthPasswordFile string   `type:"path" placeholder:"FILE" help:"File with the password."`
	BearerTokenFile       string   `type:"path" placeholder:"FILE" help:"File with a bearer token."`
}
