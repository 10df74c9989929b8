package argument_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/argument"
)

// What refuses an argument says whose error it is, which argument, and what it must be.
func TestError(t *testing.T) {
	sentinel := errors.New("room: invalid argument")
	err := fmt.Errorf("open: %w", argument.New(sentinel, "nonce", "must be at most %d characters", 64))
	require.ErrorIs(t, err, sentinel)
	require.EqualError(t, err, "open: room: invalid argument: nonce must be at most 64 characters")
	about, ok := errors.AsType[*argument.Error](err)
	require.True(t, ok)
	require.Equal(t, "nonce", about.Argument)
	require.Equal(t, "nonce must be at most 64 characters", about.Told())
}
