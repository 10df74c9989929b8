package search_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"oneton/search"
)

func BenchmarkSearch(b *testing.B) {
	const dimension = 128
	for _, rows := range []int{100, 10_000, 200_000} {
		r := rand.New(rand.NewPCG(1, 1))
		s, err := search.New(search.Config{Dimension: dimension})
		if err != nil {
			b.Fatal(err)
		}
		for first := 0; first < rows; first += 100 {
			var some []search.Row
			for i := range 100 {
				some = append(some, search.Row{ID: uint64(first + i), Vector: gaussian(r, dimension)})
			}
			if err := s.Update(some, nil); err != nil {
				b.Fatal(err)
			}
		}
		for _, probes := range []int{1, 32} {
			some := make([][]float32, probes)
			for i := range some {
				some[i] = gaussian(r, dimension)
			}
			b.Run(fmt.Sprintf("rows=%d/probes=%d", rows, probes), func(b *testing.B) {
				b.ReportAllocs()
				rescored := 0
				for b.Loop() {
					got, err := s.SearchBatch(context.Background(), some, search.Options{K: 10, Threshold: -1})
					if err != nil {
						b.Fatal(err)
					}
					rescored += got[0].Rescored
				}
				b.ReportMetric(float64(rows*probes*b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
				b.ReportMetric(float64(rescored)/float64(b.N), "rescored")
			})
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInsert(b *testing.B) {
	for _, dimension := range []int{128, 512} {
		b.Run(fmt.Sprintf("dimension=%d", dimension), func(b *testing.B) {
			s, err := search.New(search.Config{Dimension: dimension})
			if err != nil {
				b.Fatal(err)
			}
			v := gaussian(rand.New(rand.NewPCG(1, 1)), dimension)
			id := uint64(0)
			for b.Loop() {
				if err := s.Update([]search.Row{{ID: id, Vector: v}}, nil); err != nil {
					b.Fatal(err)
				}
				id++
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
