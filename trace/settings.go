package trace

import (
	"net/url"
	"slices"
	"strings"

	"oneton/setting"
)

// Config says where spans go.
type Config struct {
	// URL is a collector's, which takes OTLP over HTTP, as http://127.0.0.1:4318/v1/traces;
	// empty is none.
	URL string
	// Headers are what else it is sent, as "Authorization: Bearer …".
	Headers []string
	// Ratio is the share of requests that are traced of those whose caller does not say.
	Ratio float64
}

// DefaultConfig traces nothing, and all once there is a collector.
func DefaultConfig() Config { return Config{Ratio: 1} }

// On tells whether there is a collector.
func (c Config) On() bool { return c.URL != "" }

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	u, err := url.Parse(c.URL)
	return []setting.Setting{
		{
			Key: "traces.url", Value: &c.URL, Means: "where traces are sent, an OpenTelemetry collector's address for OTLP over HTTP, as `http://127.0.0.1:4318/v1/traces`; empty is nowhere",
			Want: "an http or https URL with a path and without credentials", OK: c.URL == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.Path != "" && u.User == nil && u.Fragment == "",
		},
		{
			Key: "traces.headers", Value: &c.Headers, Hidden: true, Means: "headers for the collector, as `Authorization: Bearer …`, separated by commas",
			Want: "names and values, as in Authorization: Bearer x", OK: !slices.ContainsFunc(c.Headers, func(h string) bool {
				name, value, ok := strings.Cut(h, ":")
				return !ok || name == "" || strings.ContainsAny(name, " \t") || strings.TrimSpace(value) == "" || strings.ContainsAny(h, "\r\n")
			}),
		},
		{
			Key: "traces.ratio", Value: &c.Ratio, Means: "share of requests that are traced where the caller's `traceparent` does not say whether",
			Want: "0 to 1", OK: c.Ratio >= 0 && c.Ratio <= 1,
		},
	}
}
