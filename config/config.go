// Package config puts the settings of all rooms together: their defaults, where
// they may be given, and what they may be. Each room declares its own beside its
// Config; here are those of the process, and what holds between two rooms.
package config

import (
	"net"
	"slices"
	"time"

	"oneton/access"
	"oneton/admin"
	"oneton/challenge"
	"oneton/clip"
	"oneton/credential"
	"oneton/embed"
	"oneton/identify"
	"oneton/identitytoken"
	"oneton/imports"
	"oneton/index/qdrant"
	"oneton/job"
	"oneton/kyc"
	"oneton/limit"
	"oneton/message"
	"oneton/onnx"
	"oneton/pool"
	"oneton/server"
	"oneton/server/console"
	"oneton/server/facenition"
	"oneton/server/twoface"
	"oneton/server/uqudo"
	"oneton/setting"
	"oneton/setup"
	"oneton/signature"
	"oneton/store"
	"oneton/trace"
	"oneton/webhook"
)

// Config is the whole configuration. Each setting is, later ones winning, its
// default, what the YAML file says, the environment (ONETON_ and the key in
// capitals, dots as underscores: ONETON_EMBED_WORKERS) and flags.
type Config struct {
	// Listen is the address of the HTTP server, host:port.
	Listen string
	// Data is the folder of the database, the server's secret and the index's
	// files.
	Data string
	// Mode is Development or Production.
	Mode string
	// Secret is the file of the server's secret; empty is secret.key in Data.
	// Replicas share a copy.
	Secret string
	// Packs are the model packs to load: names of built-in packs or paths of
	// manifests. The first is the default pack.
	Packs []string
	// Drain is how long a stop takes at most: Server.DrainDelay, the wait for
	// requests under way, and saving and closing, for which a quarter of it or
	// 5 s are kept. Whatever still runs then is cut off.
	Drain time.Duration

	Store Store
	Index Index
	Log   Log
	// Admin is the address for the operator.
	Admin admin.Config
	// Traces says where traces go.
	Traces trace.Config

	Setup   setup.Config
	Pool    pool.Config
	Runtime onnx.Config
	Embed   embed.Config
	Clip    clip.Config
	// Challenge says what face sessions ask for.
	Challenge challenge.Config
	Server    server.Config
	Identify  identify.Config
	Identity  identitytoken.Config
	Imports   imports.ServiceConfig
	Jobs      job.Config
	Limits    limit.Config
	Webhooks  webhook.Config
	Signing   signature.Config

	Keys        access.Config
	Credentials credential.Config
	Facenition  facenition.Config
	Twoface     twoface.Config
	Uqudo       uqudo.Config
	Console     console.Config
	KYC         kyc.Config
	Message     message.Config
}

// The modes of a process. What is for development only is refused in production.
const (
	Development = "development"
	Production  = "production"
)

// Store says which database keeps the truth.
type Store struct {
	// Driver is sqlite, a file in Data, or postgres, which replicas share.
	Driver string
	// URL is PostgreSQL's connection string.
	URL string
	// Observer is told of writes; nil is nobody.
	Observer store.Observer
}

// Index says which engine searches.
type Index struct {
	// Engine is exact, in process, or qdrant.
	Engine string
	// Save is how often the exact index is saved to Data, so that a restart
	// is quick; 0 is never, and then every start rebuilds it from the store.
	Save time.Duration
	// Scanned, unless nil, is told of each scan of the exact index; see exact.Config.
	Scanned func(rows int, bytes int64, rescored int, certified bool)

	Qdrant qdrant.Config
}

// Log says what is logged and how.
type Log struct {
	// Level is trace, debug, info, warn or error.
	Level string
	// Format is json or text.
	Format string
}

// Default is the configuration of one box that needs no other process.
func Default() Config {
	return Config{
		Listen:    "127.0.0.1:8080",
		Data:      "oneton-data",
		Mode:      Development,
		Packs:     []string{"default"},
		Drain:     20 * time.Second,
		Store:     Store{Driver: "sqlite"},
		Index:     Index{Engine: "exact", Save: 5 * time.Minute, Qdrant: qdrant.Default()},
		Traces:    trace.DefaultConfig(),
		Log:       Log{Level: "info", Format: "json"},
		Pool:      pool.DefaultConfig(),
		Runtime:   onnx.DefaultConfig(),
		Embed:     embed.DefaultConfig(),
		Clip:      clip.DefaultConfig(),
		Challenge: challenge.DefaultConfig(),
		Server:    server.DefaultConfig(),
		Identify:  identify.Config{DefaultPolicy: identify.DefaultPolicy()},
		Identity:  identitytoken.DefaultConfig(),
		Jobs:      job.DefaultConfig(),
		Imports:   imports.DefaultServiceConfig(),
		Limits:    limit.DefaultConfig(),
		Webhooks:  webhook.DefaultConfig(),
		Signing:   signature.DefaultConfig(),

		Keys:        access.DefaultConfig(),
		Credentials: credential.DefaultConfig(),
		Message:     message.DefaultConfig(),
		Twoface:     twoface.DefaultConfig(),
		Uqudo:       uqudo.DefaultConfig(),
		Console:     console.DefaultConfig(),
		KYC:         kyc.DefaultConfig(),
	}
}

// Settings are all settings, in the order in which the documents have them and
// in which they are checked.
func (c *Config) Settings() []setting.Setting {
	_, _, unlistenable := net.SplitHostPort(c.Listen)
	return slices.Concat(
		[]setting.Setting{
			{Key: "listen", Value: &c.Listen, Means: "address of the HTTP server", Want: "host:port", OK: unlistenable == nil},
			{
				Key: "data", Value: &c.Data,
				Means: "folder of the database and the server's secret: [back up](docs/operations.md#backup-and-restore) both; and of [smaller files](docs/operations.md#files-and-folders)",
				Want:  "a folder", OK: c.Data != "",
			},
			{
				Key: "mode", Value: &c.Mode, Means: "`development`, or `production`, which refuses what is for development alone: codes that are [written to files](docs/credentials.md#an-outbox-for-development)",
				Want: "development or production", OK: c.Mode == Development || c.Mode == Production,
			},
			{Key: "secret", Value: &c.Secret, Shown: "`secret.key` in `data`", Means: "file of the server's secret; replicas share a copy"},
			{
				Key: "store.driver", Value: &c.Store.Driver, Means: "database: `sqlite`, a file in `data`, or `postgres`, which replicas share",
				Want: "sqlite or postgres", OK: c.Store.Driver == "sqlite" || c.Store.Driver == "postgres",
			},
			{
				Key: "store.url", Value: &c.Store.URL, Hidden: true, Means: "PostgreSQL's connection string",
				Want: "a PostgreSQL connection string", OK: c.Store.URL != "" || c.Store.Driver != "postgres",
			},
			{
				Key: "index.engine", Value: &c.Index.Engine,
				Means: "what searches: `exact`, in process, or [`qdrant`](docs/operations.md#qdrant), with settings of its own",
				Want:  "exact or qdrant", OK: c.Index.Engine == "exact" || c.Index.Engine == "qdrant",
			},
			{
				Key: "index.save", Value: &c.Index.Save, Means: "how often the exact index is saved in `data`, for a quick restart; 0 is never",
				Want: "0 or more", OK: c.Index.Save >= 0,
			},
		},
		c.Setup.Settings(),
		[]setting.Setting{
			{
				Key: "packs", Value: &c.Packs, Means: "model packs to load, built in or manifests of your own; the first is the default",
				Want: "one or more packs' names or manifests", OK: len(c.Packs) > 0 && !slices.Contains(c.Packs, ""),
			},
		},
		c.Pool.Settings(),
		c.Runtime.Settings(),
		c.Embed.Settings(),
		c.Server.Settings(),
		[]setting.Setting{
			{
				Key: "server.drain", Value: &c.Drain,
				Means: "longest time that a stop takes, waiting for requests under way; then the process ends with status 1 and what still runs is cut off",
				Want:  "at least server.drain_delay", OK: c.Drain >= c.Server.DrainDelay,
			},
		},
		c.Console.Settings(),
		c.Identify.Settings(),
		c.Identity.Settings(),
		c.Jobs.Settings(),
		c.Imports.Settings(),
		c.Limits.Settings(),
		c.Webhooks.Settings(),
		c.Signing.Settings(),
		c.Facenition.Settings(),
		c.Twoface.Settings(),
		c.Uqudo.Settings(),
		c.KYC.Settings(),
		[]setting.Setting{
			{
				Key: "log.level", Value: &c.Log.Level, Means: "what is logged: `trace`, `debug`, `info`, `warn` or `error`, and what is graver",
				Want: "trace, debug, info, warn or error", OK: slices.Contains([]string{"trace", "debug", "info", "warn", "error"}, c.Log.Level),
			},
			{
				Key: "log.format", Value: &c.Log.Format, Means: "how: `json` or `text`",
				Want: "json or text", OK: c.Log.Format == "json" || c.Log.Format == "text",
			},
		},
		c.Admin.Settings(),
		c.Traces.Settings(),
		c.Message.Settings(),
		c.Keys.Settings(),
		c.Credentials.Settings(),
		c.Clip.Settings(),
		c.Challenge.Settings(),
		c.Index.Qdrant.Settings(),
	)
}

// Validate returns a *setting.Error for the first setting that cannot work.
func (c Config) Validate() error {
	if err := setting.Check(c.Settings()); err != nil {
		return err
	}
	if c.Server.BodyLimit < c.Embed.Limits.Bytes {
		return &setting.Error{Key: "server.max_body", Value: c.Server.BodyLimit, Want: "at least image.max_bytes"}
	}
	if c.Mode == Production && c.Message.Outbox != "" {
		return &setting.Error{Key: "outbox", Value: c.Message.Outbox, Want: "empty in mode production"}
	}
	return nil
}
