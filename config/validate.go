package config

import (
	"net"
	"net/url"
	"slices"
	"strings"
)

// Validate returns a *FieldError for the first setting that cannot work.
func (c Config) Validate() error {
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return &FieldError{"listen", c.Listen, "host:port"}
	}
	for _, s := range []struct {
		field string
		value string
		want  string
		ok    bool
	}{
		{"data", c.Data, "a folder", c.Data != ""},
		{"store.driver", c.Store.Driver, "sqlite or postgres", c.Store.Driver == "sqlite" || c.Store.Driver == "postgres"},
		{"store.url", "empty", "a PostgreSQL connection string", c.Store.URL != "" || c.Store.Driver != "postgres"},
		{"index.engine", c.Index.Engine, "exact or qdrant", c.Index.Engine == "exact" || c.Index.Engine == "qdrant"},
		{"policy.quality", c.Policy.Quality, "off, report or enforce", mode(c.Policy.Quality)},
		{"policy.liveness", c.Policy.Liveness, "off, report or enforce", mode(c.Policy.Liveness)},
		{"policy.detail", c.Policy.Detail, "fast or full", c.Policy.Detail == "fast" || c.Policy.Detail == "full"},
		{"log.level", c.Log.Level, "trace, debug, info, warn or error", slices.Contains([]string{"trace", "debug", "info", "warn", "error"}, c.Log.Level)},
		{"log.format", c.Log.Format, "json or text", c.Log.Format == "json" || c.Log.Format == "text"},
	} {
		if !s.ok {
			return &FieldError{s.field, s.value, s.want}
		}
	}
	for _, n := range []struct {
		field    string
		value    int
		min, max int
		want     string
	}{
		{"embed.workers", c.Embed.Workers, 0, 1024, "0 (one a core) to 1024"},
		{"embed.threads", c.Embed.Threads, 1, 256, "1 to 256"},
		{"embed.queue", c.Embed.Queue, 0, 1 << 20, "0 or more"},
		{"image.max_bytes", c.Image.MaxBytes, 1 << 10, 1 << 30, "1 KiB to 1 GiB"},
		{"image.max_pixels", c.Image.MaxPixels, 1 << 10, 1 << 30, "1,024 to 2^30"},
		{"image.max_faces", c.Image.MaxFaces, 1, 10_000, "1 to 10,000"},
		{"server.max_body", c.Server.MaxBody, 1 << 10, 1 << 30, "1 KiB to 1 GiB"},
		{"server.connections", c.Server.Connections, 1, 1 << 20, "1 to 2^20"},
		{"server.connections_per_address", c.Server.PerAddress, 1, 1 << 20, "1 to 2^20"},
	} {
		if n.value < n.min || n.value > n.max {
			return &FieldError{n.field, n.value, n.want}
		}
	}
	switch {
	case len(c.Packs) == 0 || slices.Contains(c.Packs, ""):
		return &FieldError{"packs", c.Packs, "one or more packs' names or manifests"}
	case c.Server.MaxBody < c.Image.MaxBytes:
		return &FieldError{"server.max_body", c.Server.MaxBody, "at least image.max_bytes"}
	case c.Server.BodyMemory/2 < c.Server.MaxBody:
		return &FieldError{"server.body_memory", c.Server.BodyMemory, "at least twice server.max_body"}
	case slices.ContainsFunc(c.Server.Origins, func(o string) bool { return !origin(o) }):
		return &FieldError{"server.origins", c.Server.Origins, "scheme and host in small letters, and a port that is not the scheme's own, as in https://app.example.org; * is none"}
	case c.Index.Save < 0:
		return &FieldError{"index.save", c.Index.Save, "0 or more"}
	case c.Server.Timeout <= 0:
		return &FieldError{"server.timeout", c.Server.Timeout, "above 0"}
	case c.Image.MaxTime <= 0:
		return &FieldError{"image.max_time", c.Image.MaxTime, "above 0"}
	case c.Server.DrainDelay < 0:
		return &FieldError{"server.drain_delay", c.Server.DrainDelay, "0 or more"}
	case c.Server.Drain < c.Server.DrainDelay:
		return &FieldError{"server.drain", c.Server.Drain, "at least server.drain_delay"}
	case !(c.Policy.FPIR > 0 && c.Policy.FPIR < 1):
		return &FieldError{"policy.fpir", c.Policy.FPIR, "between 0 and 1"}
	case c.Policy.Retention < 0:
		return &FieldError{"policy.retention", c.Policy.Retention, "0 or more"}
	}
	return c.Index.Qdrant.validate()
}

// origin tells whether a text is an origin as browsers write it.
func origin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" && u.Port() != "443" || u.Scheme == "http" && u.Port() != "80") && u.Hostname() != "" &&
		!strings.ContainsAny(u.Host, "*, ") && text == strings.ToLower(u.Scheme+"://"+u.Host)
}

func mode(s string) bool { return s == "off" || s == "report" || s == "enforce" }
