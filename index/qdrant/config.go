package qdrant

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"time"
)

// The ways to search. Exact compares the probe with every template of the
// gallery; HNSW walks a graph and misses people, see MeasureRecall.
const (
	Exact = "exact"
	HNSW  = "hnsw"
)

// Config says where Qdrant is and how it is used.
type Config struct {
	// Address is Qdrant's gRPC endpoint, host:port.
	Address string
	// APIKey is sent with every call; empty sends none. Without TLS others on
	// the network can read it.
	APIKey string
	// TLS encrypts the connections. CA is a file of certificates to trust
	// instead of the system's.
	TLS bool
	CA  string
	// Prefix leads the names of the collections, so that several installations
	// can share a Qdrant.
	Prefix string
	// Connections is how many are kept open.
	Connections int

	// Timeout bounds a search, with all its calls and retries. WriteTimeout
	// bounds every other call.
	Timeout      time.Duration
	WriteTimeout time.Duration
	// Retries is how often a call is repeated that Qdrant could not take.
	Retries int

	// Shards and Replicas are those of collections that this index makes.
	Shards   int
	Replicas int

	// Search is Exact or HNSW.
	Search string
	// Degree and Construct are the graph's m and ef_construct, EF is the
	// breadth of a walk (hnsw_ef), and Oversampling is how many times more
	// candidates the int8 vectors give than are rescored and returned.
	Degree       int
	Construct    int
	EF           int
	Oversampling float64
}

// Default is a Qdrant on this machine, searched exactly. With the graph's
// numbers a walk among 100,000 templates like SFace's is no faster than
// comparing all of them, and missed none of 1,000 mated probes; it gains where
// galleries are larger, and misses more.
func Default() Config {
	return Config{
		Address:      "127.0.0.1:6334",
		Prefix:       "oneton",
		Connections:  3,
		Timeout:      5 * time.Second,
		WriteTimeout: 30 * time.Second,
		Retries:      2,
		Shards:       1,
		Replicas:     1,
		Search:       Exact,
		Degree:       32,
		Construct:    256,
		EF:           512,
		Oversampling: 2,
	}
}

// prefixes leaves out the underscore, which ends a prefix in a collection's
// name.
var prefixes = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

// Validate returns an error that names the first field that cannot work.
func (c Config) Validate() error {
	if _, _, err := c.endpoint(); err != nil {
		return fmt.Errorf("address is %q: %w", c.Address, err)
	}
	for _, field := range []struct {
		name string
		ok   bool
		want string
	}{
		{"ca", c.CA == "" || c.TLS, "empty without tls"},
		{"prefix", prefixes.MatchString(c.Prefix), "1 to 64 letters, digits or hyphens"},
		{"connections", c.Connections >= 1 && c.Connections <= 1024, "1 to 1,024"},
		{"timeout", c.Timeout > 0, "above 0"},
		{"write_timeout", c.WriteTimeout > 0, "above 0"},
		{"retries", c.Retries >= 0 && c.Retries <= 100, "0 to 100"},
		{"shards", c.Shards >= 1 && c.Shards <= 1024, "1 to 1,024"},
		{"replicas", c.Replicas >= 1 && c.Replicas <= 64, "1 to 64"},
		{"search", c.Search == Exact || c.Search == HNSW, "exact or hnsw"},
		{"degree", c.Degree >= 4 && c.Degree <= 512, "4 to 512"},
		{"construct", c.Construct >= 4 && c.Construct <= 1<<16, "4 to 65,536"},
		{"ef", c.EF >= 1 && c.EF <= 1<<20, "1 to 1,048,576"},
		{"oversampling", c.Oversampling >= 1 && c.Oversampling <= 100, "1 to 100"},
	} {
		if !field.ok {
			return fmt.Errorf("%s must be %s", field.name, field.want)
		}
	}
	return nil
}

func (c Config) endpoint() (host string, port int, err error) {
	host, text, err := net.SplitHostPort(c.Address)
	if err != nil {
		return "", 0, err
	}
	port, err = strconv.Atoi(text)
	if err != nil || host == "" || port < 1 || port > 1<<16-1 {
		return "", 0, errors.New("must be host:port")
	}
	return host, port, nil
}
