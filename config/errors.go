package config

import "fmt"

// FieldError says which setting is wrong, what it holds and what it may hold.
type FieldError struct {
	Field string
	Value any
	Want  string
}

// Error is one sentence for the operator.
func (e *FieldError) Error() string {
	return fmt.Sprintf("config: %s is %v, but must be %s", e.Field, e.Value, e.Want)
}
