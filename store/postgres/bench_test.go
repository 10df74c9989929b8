package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
	"oneton/store/storetest"
)

// BenchmarkCommit is the limit that enrolments are measured against: one row
// of an enrolment's size, inserted and committed by one connection.
func BenchmarkCommit(b *testing.B) {
	conn, err := pgx.Connect(b.Context(), postgrestest.Start(b).URL())
	require.NoError(b, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(b.Context(), `CREATE TABLE rows (n INT PRIMARY KEY, bytes BYTEA)`)
	require.NoError(b, err)
	row := make([]byte, 1024)
	n := 0
	for b.Loop() {
		n++
		_, err = conn.Exec(b.Context(), `INSERT INTO rows VALUES ($1, $2)`, n, row)
		require.NoError(b, err)
	}
}

// BenchmarkEnrol enrols one face a subject: the cost of the log's lock shows
// between one process and two, and what shared commits win back between one
// caller and many.
func BenchmarkEnrol(b *testing.B) {
	server := postgrestest.Start(b)
	for _, processes := range []int{1, 2} {
		for _, callers := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("processes=%d/callers=%d", processes, callers), func(b *testing.B) {
				benchmarkEnrol(b, server.Database(b), processes, callers)
			})
		}
	}
}

func benchmarkEnrol(b *testing.B, to string, processes, callers int) {
	stores := make([]*postgres.Store, processes)
	for i := range stores {
		s, err := postgres.Open(b.Context(), postgres.Config{URL: to})
		require.NoError(b, err)
		b.Cleanup(func() { _ = s.Close() })
		stores[i] = s
	}
	require.NoError(b, stores[0].CreateTenant(b.Context(), store.Tenant{ID: "t"}))
	require.NoError(b, stores[0].CreateGallery(b.Context(), store.Gallery{ID: "g", Tenant: "t", Name: "g", Pack: storetest.Pack}))
	var next, failed atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for c := range callers {
		wg.Go(func() {
			for next.Add(1) <= int64(b.N) {
				if _, err := enrolOne(context.Background(), stores[c%processes]); err != nil {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.Zero(b, failed.Load())
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "faces/s")
}
