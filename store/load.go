package store

import "time"

// Observer is told of an engine's writes, for whoever counts them.
type Observer interface {
	// Wrote tells how long a write has waited for those before it.
	Wrote(waited time.Duration)
	// Committed tells of a commit, with how many writes shared it and how long it took.
	Committed(writes int, took time.Duration)
	// Checkpointed tells of an attempt to empty SQLite's write-ahead log: ok, held by a
	// reader, or failed.
	Checkpointed(outcome string)
}

// Load is what an engine is at.
type Load struct {
	// File is the size of the database, and Log that of SQLite's write-ahead log.
	File, Log int64
	Pools     []PoolLoad
}

// PoolLoad is a pool of connections: how many are busy and idle, how often somebody
// waited for one, and how long all of them together.
type PoolLoad struct {
	Name       string
	Busy, Idle int
	Waits      int64
	Waited     time.Duration
}
