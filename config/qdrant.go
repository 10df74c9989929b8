package config

import (
	"net"
	"regexp"
	"strconv"
	"time"
)

// Qdrant says where the Qdrant is that searches, and how it is used, when
// Index.Engine is qdrant.
type Qdrant struct {
	// Address is its gRPC endpoint, host:port.
	Address string `koanf:"address"`
	// APIKey is sent with every call, and APIKeyFile is a file that holds it
	// instead; both empty send none. Without TLS others on the network can
	// read it.
	APIKey     string `koanf:"api_key"`
	APIKeyFile string `koanf:"api_key_file"`
	// TLS encrypts the connections. CA is a file of certificates to trust
	// instead of the system's.
	TLS bool   `koanf:"tls"`
	CA  string `koanf:"ca"`
	// Prefix leads the names of the collections, so that several installations
	// can share a Qdrant. Servers of one database have the same.
	Prefix string `koanf:"prefix"`
	// Connections is how many are kept open.
	Connections int `koanf:"connections"`

	// Timeout bounds a search, and WriteTimeout every other call.
	Timeout      time.Duration `koanf:"timeout"`
	WriteTimeout time.Duration `koanf:"write_timeout"`
	// Retries is how often a call is repeated that Qdrant could not take.
	Retries int `koanf:"retries"`

	// Shards and Replicas are those of collections that are made.
	Shards   int `koanf:"shards"`
	Replicas int `koanf:"replicas"`

	// Search is exact, or hnsw, which misses people and is refused until what
	// it misses was measured and accepted: oneton index recall.
	Search string `koanf:"search"`
	// Degree, Construct and EF are the graph's m, ef_construct and hnsw_ef;
	// Oversampling is how many times more candidates its int8 vectors give
	// than are returned.
	Degree       int     `koanf:"degree"`
	Construct    int     `koanf:"construct"`
	EF           int     `koanf:"ef"`
	Oversampling float64 `koanf:"oversampling"`
}

func defaultQdrant() Qdrant {
	return Qdrant{
		Address:      "127.0.0.1:6334",
		Prefix:       "oneton",
		Connections:  3,
		Timeout:      5 * time.Second,
		WriteTimeout: 30 * time.Second,
		Retries:      2,
		Shards:       1,
		Replicas:     1,
		Search:       "exact",
		Degree:       32,
		Construct:    256,
		EF:           512,
		Oversampling: 2,
	}
}

// prefixes have no underscore, which ends a prefix in a collection's name.
var prefixes = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

func (q Qdrant) validate() error {
	for _, f := range []struct {
		field string
		value any
		want  string
		ok    bool
	}{
		{"address", q.Address, "host:port", endpoint(q.Address)},
		{"api_key", "set", "empty, since api_key_file is set", q.APIKey == "" || q.APIKeyFile == ""},
		{"ca", q.CA, "empty without tls", q.CA == "" || q.TLS},
		{"prefix", q.Prefix, "1 to 64 letters, digits or hyphens", prefixes.MatchString(q.Prefix)},
		{"connections", q.Connections, "1 to 1,024", q.Connections >= 1 && q.Connections <= 1024},
		{"timeout", q.Timeout, "above 0", q.Timeout > 0},
		{"write_timeout", q.WriteTimeout, "above 0", q.WriteTimeout > 0},
		{"retries", q.Retries, "0 to 100", q.Retries >= 0 && q.Retries <= 100},
		{"shards", q.Shards, "1 to 1,024", q.Shards >= 1 && q.Shards <= 1024},
		{"replicas", q.Replicas, "1 to 64", q.Replicas >= 1 && q.Replicas <= 64},
		{"search", q.Search, "exact or hnsw", q.Search == "exact" || q.Search == "hnsw"},
		{"degree", q.Degree, "4 to 512", q.Degree >= 4 && q.Degree <= 512},
		{"construct", q.Construct, "4 to 65,536", q.Construct >= 4 && q.Construct <= 1<<16},
		{"ef", q.EF, "1 to 1,048,576", q.EF >= 1 && q.EF <= 1<<20},
		{"oversampling", q.Oversampling, "1 to 100", q.Oversampling >= 1 && q.Oversampling <= 100},
	} {
		if !f.ok {
			return &FieldError{"index.qdrant." + f.field, f.value, f.want}
		}
	}
	return nil
}

func endpoint(address string) bool {
	host, text, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return false
	}
	port, err := strconv.Atoi(text)
	return err == nil && port >= 1 && port <= 1<<16-1
}
