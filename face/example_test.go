package face_test

import (
	"fmt"

	"oneton/face"
)

// What a model makes of two photos becomes two templates, which the cosine
// compares.
func ExampleTemplate_Cosine() {
	a, err := face.NewTemplate([]float32{3, 4, 0})
	if err != nil {
		panic(err)
	}
	b, err := face.NewTemplate([]float32{4, 3, 0})
	if err != nil {
		panic(err)
	}
	cosine, err := a.Cosine(b)
	fmt.Printf("%.2f %v\n", cosine, err)
	// Output: 0.96 <nil>
}
