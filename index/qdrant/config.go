package qdrant

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"oneton/setting"
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
	// APIKey is sent with every call, and APIKeyFile is a file that holds it
	// instead; both empty send none. Without TLS others on the network can read
	// it.
	APIKey     string
	APIKeyFile string
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

// Validate returns an error that names the first field that cannot work.
func (c Config) Validate() error { return setting.Check(c.Settings()) }

// key is the one that is sent, read from its file where that is named.
func (c Config) key() (string, error) {
	if c.APIKeyFile == "" {
		return c.APIKey, nil
	}
	text, err := os.ReadFile(c.APIKeyFile)
	if err != nil {
		return "", fmt.Errorf("read index.qdrant.api_key_file: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if key == "" {
		return "", fmt.Errorf("read index.qdrant.api_key_file: %s is empty", c.APIKeyFile)
	}
	return key, nil
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
