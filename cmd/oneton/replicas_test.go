package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"oneton/server"
)

// asOf makes a call that carries a position, unless that is 0, and returns the
// position of the answer.
func (p *program) asOf(t *testing.T, position uint64, key, method, path string, body, into any) uint64 {
	t.Helper()
	header := make(http.Header)
	if position > 0 {
		header.Set(server.HeaderPosition, strconv.FormatUint(position, 10))
	}
	_, answer, err := p.send(key, method, path, header, body, into)
	require.NoError(t, err)
	at, err := strconv.ParseUint(answer.Get(server.HeaderPosition), 10, 64)
	require.NoError(t, err)
	return at
}

func TestReplicasReadEachOthersWrites(t *testing.T) {
	f := startFleet(t, 2, "packs: ['"+patternPack(t)+"']", "embed: {workers: 1}")
	key := f.tenant(t, "acme")
	const repetitions = 100
	for i := range repetitions {
		// Each is the writer in turn, and the search is sent at once.
		a, b := f.replicas[i%2], f.replicas[(i+1)%2]
		id := fmt.Sprint("p", i)
		search := func(position uint64, at *replica) (answer searchAnswer) {
			at.asOf(t, position, key, http.MethodPost, people("search"), map[string]any{"photo": pattern(id)}, &answer)
			return answer
		}
		at := a.asOf(t, 0, key, http.MethodPost, people("subjects"), enrolment(id, pattern(id)), nil)
		if i%2 == 0 {
			require.Equal(t, []string{id}, search(at, b).found(), "with the header")
		}
		require.Equal(t, []string{id}, search(0, b).found(), "without it")
		require.Equal(t, search(at, a), search(at, b), "with thresholds from the same faces")

		at = b.asOf(t, 0, key, http.MethodPatch, people("subjects", id), map[string]any{"metadata": map[string]string{"n": "other"}}, nil)
		filtered := func(n string) []string {
			var answer searchAnswer
			a.asOf(t, at, key, http.MethodPost, people("search"), map[string]any{"photo": pattern(id), "filter": map[string][]string{"n": {n}}}, &answer)
			return answer.found()
		}
		require.Empty(t, filtered(id))
		require.Equal(t, []string{id}, filtered("other"))

		if i%3 == 0 {
			at = a.asOf(t, 0, key, http.MethodDelete, people("subjects", id), nil, nil)
			if i%2 == 0 {
				require.Empty(t, search(at, b).found(), "with the header")
			}
			require.Empty(t, search(0, b).found(), "without it")
		}
	}
}

// What one replica writes reaches the others soon even when nobody asks for
// it, by notification, and by polling where notifications are lost. A search
// as of position 1 waits for nothing.
func TestReplicasFollowByThemselves(t *testing.T) {
	f := startFleet(t, 2, "packs: ['"+patternPack(t)+"']", "embed: {workers: 1}")
	key := f.tenant(t, "acme")
	a, b := f.replicas[0], f.replicas[1]
	reaches := func(id string) time.Duration {
		a.asOf(t, 0, key, http.MethodPost, people("subjects"), enrolment(id, pattern(id)), nil)
		start := time.Now()
		const patience = time.Minute
		for time.Since(start) < patience {
			var answer searchAnswer
			b.asOf(t, 1, key, http.MethodPost, people("search"), map[string]any{"photo": pattern(id)}, &answer)
			if len(answer.Candidates) > 0 {
				return time.Since(start)
			}
		}
		require.FailNow(t, "does not reach the other", id)
		return 0
	}
	// Everything up to position 1 is there before the clock runs.
	reaches("first")
	worst := func(prefix string, times int) (longest time.Duration) {
		for i := range times {
			longest = max(longest, reaches(fmt.Sprint(prefix, i)))
		}
		return longest
	}
	t.Logf("by notification within %v", worst("notified", 20))

	// The listener's session is ended, which makes it listen anew, and what was
	// written meanwhile is found.
	for i := range 3 {
		endListeners(t, f)
		t.Logf("with the listener's session ended within %v", reaches(fmt.Sprint("ended", i)))
	}

	// No notification comes through any more.
	b.database.mu.Lock()
	b.database.answers = dropNotifications
	b.database.mu.Unlock()
	b.database.cut()
	b.waitReady(t)
	const polled = 5
	longest := worst("polled", polled)
	t.Logf("by polling within %v", longest)
}

// endListeners ends the sessions that wait for notifications.
func endListeners(t *testing.T, f *fleet) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), f.url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND (query LIKE 'LISTEN %' OR query = '-- ping')`)
	require.NoError(t, err)
}

// dropNotifications leaves out the notifications of a PostgreSQL server's
// answers: messages are a letter, their length with itself, and a body
// (PostgreSQL's frontend/backend protocol 3.0).
func dropNotifications() func([]byte) []byte {
	const notification, head = 'A', 5
	var pending []byte
	return func(b []byte) []byte {
		pending = append(pending, b...)
		var out bytes.Buffer
		for len(pending) >= head {
			size := 1 + int(binary.BigEndian.Uint32(pending[1:head]))
			if len(pending) < size {
				break
			}
			if pending[0] != notification {
				out.Write(pending[:size])
			}
			pending = pending[size:]
		}
		return out.Bytes()
	}
}

// A position that no answer had is refused, in bounded time.
func TestReplicasRefusePositionsOutOfReach(t *testing.T) {
	f := startFleet(t, 1, "packs: ['"+patternPack(t)+"']", "embed: {workers: 1}")
	key := f.tenant(t, "acme")
	for position, want := range map[string]struct {
		status int
		code   string
	}{
		"18446744073709551615": {http.StatusConflict, "position_ahead"},
		"18446744073709551616": {http.StatusBadRequest, "invalid_request"},
		"-1":                   {http.StatusBadRequest, "invalid_request"},
		"soon":                 {http.StatusBadRequest, "invalid_request"},
	} {
		header := http.Header{server.HeaderPosition: {position}}
		status, _, err := f.replicas[0].send(key, http.MethodPost, people("search"), header, map[string]any{"photo": pattern("x")}, nil)
		require.Equal(t, want.status, status, position)
		require.ErrorContains(t, err, want.code)
	}
}
