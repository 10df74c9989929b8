package search_test

import (
	"context"
	"fmt"

	"oneton/search"
)

// A set holds unit vectors, and tells which are nearest to a probe.
func ExampleSet_Search() {
	set, err := search.New(search.Config{Dimension: 3})
	if err != nil {
		panic(err)
	}
	defer set.Close()
	err = set.Update([]search.Row{
		{ID: 0, Vector: []float32{1, 0, 0}},
		{ID: 1, Vector: []float32{0.8, 0.6, 0}},
		{ID: 2, Vector: []float32{0, 0, 1}},
	}, nil)
	if err != nil {
		panic(err)
	}
	found, err := set.Search(context.Background(), []float32{0.6, 0.8, 0}, search.Options{K: 5, Threshold: 0.5})
	if err != nil {
		panic(err)
	}
	for _, hit := range found.Hits {
		fmt.Printf("%d %.2f\n", hit.ID, hit.Score)
	}
	fmt.Println("exact:", found.Certified)
	// Output:
	// 1 0.96
	// 0 0.60
	// exact: true
}
