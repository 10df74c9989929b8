package qdrant

import (
	"regexp"

	"oneton/setting"
)

// prefixes leaves out the underscore, which ends a prefix in a collection's
// name.
var prefixes = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	_, _, wrong := c.endpoint()
	return []setting.Setting{
		{Key: "index.qdrant.address", Value: &c.Address, Means: "gRPC endpoint", Want: "host:port", OK: wrong == nil},
		{
			Key: "index.qdrant.api_key", Value: &c.APIKey, Hidden: true, Means: "key; without `tls` others on the network can read it",
			Want: "empty, since api_key_file is set", OK: c.APIKey == "" || c.APIKeyFile == "",
		},
		{Key: "index.qdrant.api_key_file", Value: &c.APIKeyFile, Means: "file that holds the key instead"},
		{Key: "index.qdrant.tls", Value: &c.TLS, Means: "encrypts the connections"},
		{
			Key: "index.qdrant.ca", Value: &c.CA, Means: "file of certificates to trust instead of the system's",
			Want: "empty without tls", OK: c.CA == "" || c.TLS,
		},
		{
			Key: "index.qdrant.prefix", Value: &c.Prefix,
			Means: "leads the collections' names. The same for all servers of a database, another for each database",
			Want:  "1 to 64 letters, digits or hyphens", OK: prefixes.MatchString(c.Prefix),
		},
		{
			Key: "index.qdrant.connections", Value: &c.Connections, Means: "connections that are kept open",
			Want: "1 to 1,024", OK: c.Connections >= 1 && c.Connections <= 1024,
		},
		{
			Key: "index.qdrant.timeout", Value: &c.Timeout, Means: "longest time of a search in Qdrant, and of a look at its position",
			Want: "above 0", OK: c.Timeout > 0,
		},
		{Key: "index.qdrant.write_timeout", Value: &c.WriteTimeout, Means: "longest time of any other call", Want: "above 0", OK: c.WriteTimeout > 0},
		{
			Key: "index.qdrant.retries", Value: &c.Retries, Means: "repetitions of a call that Qdrant could not take",
			Want: "0 to 100", OK: c.Retries >= 0 && c.Retries <= 100,
		},
		{
			Key: "index.qdrant.shards", Value: &c.Shards, Means: "shards of collections that are made from now on",
			Want: "1 to 1,024", OK: c.Shards >= 1 && c.Shards <= 1024,
		},
		{
			Key: "index.qdrant.replicas", Value: &c.Replicas, Means: "and their replicas",
			Want: "1 to 64", OK: c.Replicas >= 1 && c.Replicas <= 64,
		},
		{
			Key: "index.qdrant.search", Value: &c.Search, Means: "`hnsw` walks a graph in galleries whose recall was accepted, and misses people",
			Want: "exact or hnsw", OK: c.Search == Exact || c.Search == HNSW,
		},
		{Key: "index.qdrant.degree", Value: &c.Degree, Means: "the graph's m", Want: "4 to 512", OK: c.Degree >= 4 && c.Degree <= 512},
		{Key: "index.qdrant.construct", Value: &c.Construct, Means: "its ef_construct", Want: "4 to 65,536", OK: c.Construct >= 4 && c.Construct <= 1<<16},
		{Key: "index.qdrant.ef", Value: &c.EF, Means: "its hnsw_ef", Want: "1 to 1,048,576", OK: c.EF >= 1 && c.EF <= 1<<20},
		{
			Key: "index.qdrant.oversampling", Value: &c.Oversampling,
			Means: "how many times more candidates its int8 vectors give than are returned",
			Want:  "1 to 100", OK: c.Oversampling >= 1 && c.Oversampling <= 100,
		},
	}
}
