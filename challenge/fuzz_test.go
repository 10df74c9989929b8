package challenge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/picture"
)

// Whatever bytes a frame has, it is a picture within the limits, or unreadable.
func FuzzFrame(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xe0"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		var decoder picture.Decoder
		p, err := decode(t.Context(), &decoder, data)
		if err != nil {
			require.ErrorIs(t, err, errUnreadable)
			return
		}
		require.LessOrEqual(t, p.Width*p.Height, limits.Pixels)
	})
}
