// Package config holds every setting of oneton: its default, where it may be
// given, and what values it takes.
package config

import "time"

// Config is the whole configuration. Each field is set, later ones winning,
// by its default, by the YAML file, by the environment (ONETON_ and the key
// in capitals, dots as underscores: ONETON_EMBED_WORKERS) and by flags.
type Config struct {
	// Listen is the address of the HTTP server, host:port.
	Listen string `koanf:"listen"`
	// Data is the folder of the database, the server's secret and the index's
	// files.
	Data string `koanf:"data"`
	// Secret is the file of the server's secret; empty is secret.key in Data.
	// Replicas share a copy.
	Secret string `koanf:"secret"`
	// ONNXRuntime is the file of ONNX Runtime's shared library; empty is the
	// one that set-up fetched.
	ONNXRuntime string `koanf:"onnxruntime"`
	// Models is the folder of the model packs' files; empty is the one that
	// set-up fetched.
	Models string `koanf:"models"`
	// Packs are the model packs to load: names of built-in packs or paths of
	// manifests. The first is the default pack.
	Packs []string `koanf:"packs"`

	Store  Store  `koanf:"store"`
	Index  Index  `koanf:"index"`
	Embed  Embed  `koanf:"embed"`
	Image  Image  `koanf:"image"`
	Server Server `koanf:"server"`
	Policy Policy `koanf:"policy"`
	Log    Log    `koanf:"log"`
}

// Store says which database keeps the truth.
type Store struct {
	// Driver is sqlite, a file in Data, or postgres, which replicas share.
	Driver string `koanf:"driver"`
	// URL is PostgreSQL's connection string.
	URL string `koanf:"url"`
}

// Index says which engine searches.
type Index struct {
	// Engine is exact, in process, or qdrant.
	Engine string `koanf:"engine"`
	// Save is how often the exact index is saved to Data, so that a restart
	// is quick; 0 is never, and then every start rebuilds it from the store.
	Save time.Duration `koanf:"save"`

	Qdrant Qdrant `koanf:"qdrant"`
}

// Embed sizes the inference.
type Embed struct {
	// Workers is how many photos are embedded at once; 0 is one a core.
	Workers int `koanf:"workers"`
	// Threads is how many threads one photo's inference uses.
	Threads int `koanf:"threads"`
	// Queue is how many photos may wait for a worker before one is refused.
	Queue int `koanf:"queue"`
}

// Image limits what is decoded.
type Image struct {
	// MaxBytes is the most bytes of one encoded photo.
	MaxBytes int `koanf:"max_bytes"`
	// MaxPixels is the most pixels of one decoded photo.
	MaxPixels int `koanf:"max_pixels"`
	// MaxTime is the longest that decoding one photo may take.
	MaxTime time.Duration `koanf:"max_time"`
	// MaxFaces is the most faces taken from one photo, largest first.
	MaxFaces int `koanf:"max_faces"`
}

// Server limits HTTP.
type Server struct {
	// MaxBody is the most bytes of a request's body.
	MaxBody int `koanf:"max_body"`
	// BodyMemory is the most bytes of all bodies at once. A tenant gets half.
	BodyMemory int `koanf:"body_memory"`
	// Connections are the most connections at once, and PerAddress those of
	// one IPv4 address or IPv6 network of 64 bits.
	Connections int `koanf:"connections"`
	PerAddress  int `koanf:"connections_per_address"`
	// Origins are those whose pages browsers let call the API: scheme, host
	// and port, as in https://app.example.org.
	Origins []string `koanf:"origins"`
	// Timeout is the time one request may take.
	Timeout time.Duration `koanf:"timeout"`
	// DrainDelay is how long a stopping server reports itself not ready
	// before it refuses connections, so that load balancers turn away first.
	DrainDelay time.Duration `koanf:"drain_delay"`
	// Drain is how long a stop takes at most: DrainDelay, the wait for requests
	// under way, and saving and closing, for which a quarter of it or 5 s are
	// kept. Whatever still runs then is cut off.
	Drain time.Duration `koanf:"drain"`
}

// Policy is a new gallery's, where its owner does not say.
type Policy struct {
	FPIR       float64       `koanf:"fpir"`
	Quality    string        `koanf:"quality"`
	Liveness   string        `koanf:"liveness"`
	Detail     string        `koanf:"detail"`
	KeepPhotos bool          `koanf:"keep_photos"`
	Retention  time.Duration `koanf:"retention"`
}

// Log says what is logged and how.
type Log struct {
	// Level is trace, debug, info, warn or error.
	Level string `koanf:"level"`
	// Format is json or text.
	Format string `koanf:"format"`
}

// Default is the configuration of one box that needs no other process.
func Default() Config {
	return Config{
		Listen: "127.0.0.1:8080",
		Data:   "oneton-data",
		Packs:  []string{"default"},
		Store:  Store{Driver: "sqlite"},
		Index:  Index{Engine: "exact", Save: 5 * time.Minute, Qdrant: defaultQdrant()},
		Embed:  Embed{Threads: 1, Queue: 64},
		Image:  Image{MaxBytes: 20 << 20, MaxPixels: 52_000_000, MaxTime: 5 * time.Second, MaxFaces: 100},
		Server: Server{MaxBody: 32 << 20, BodyMemory: 512 << 20, Connections: 1024, PerAddress: 256, Timeout: 30 * time.Second, Drain: 20 * time.Second},
		Policy: Policy{FPIR: 0.01, Quality: "report", Liveness: "off", Detail: "fast"},
		Log:    Log{Level: "info", Format: "json"},
	}
}
