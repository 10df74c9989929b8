package picture_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/photo"
	"oneton/picture"
)

// Text that stands for a picture is told by what it stands for.
func TestBase64IsNamed(t *testing.T) {
	for name, want := range map[string]string{"rgb.jpg": "a JPEG", "plain.png": "a PNG", "lossy.webp": "a WebP", "refused-animation.gif": "a GIF"} {
		content, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		text := base64.StdEncoding.EncodeToString(content)
		_, err = picture.Decode(t.Context(), []byte(text), picture.DefaultLimits())
		require.ErrorIs(t, err, photo.ErrUnsupported)
		require.ErrorContains(t, err, "the file is base64 text of "+want+"; send the bytes that it stands for")
	}
}
