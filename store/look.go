package store

import "fmt"

// CompareSchemas is nil where the version that a database has is the one that
// the program knows, and else ErrNewerSchema or ErrOlderSchema.
func CompareSchemas(found, known int64) error {
	switch {
	case found > known:
		return fmt.Errorf("%w: it is version %d and this program knows up to %d", ErrNewerSchema, found, known)
	case found < known:
		return fmt.Errorf("%w: it is version %d and this program's is %d", ErrOlderSchema, found, known)
	}
	return nil
}
