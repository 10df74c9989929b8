package store_test

import (
	"fmt"

	"oneton/store"
)

// A gallery is searched in the space of the version of its pack that its faces
// were made or converted by.
func ExampleSpace_Name() {
	fmt.Println(store.Space{Pack: "default"}.Name())
	fmt.Println(store.Space{Pack: "default", Version: "2"}.Name())
	// Output:
	// default
	// default@2
}
