package browsertest

import (
	"bytes"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
	"golang.org/x/image/draw"
)

// Camera has a browser see a film, and pages use the camera unasked.
func Camera(film string) []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{
		chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-file-for-fake-video-capture", film),
	}
}

// Film is the file of a film of a photo with the noise of a camera, so that no picture is
// as another.
func Film(t testing.TB, photo []byte) string {
	t.Helper()
	picture, _, err := image.Decode(bytes.NewReader(photo))
	require.NoError(t, err)
	b := picture.Bounds()
	side := min(b.Dx(), b.Dy()*4/3)
	from := image.Rect(b.Min.X, b.Min.Y, b.Min.X+side, b.Min.Y+side*3/4).Add(image.Pt((b.Dx()-side)/2, 0))
	still := image.NewRGBA(image.Rect(0, 0, 640, 480))
	draw.CatmullRom.Scale(still, still.Bounds(), picture, from, draw.Src, nil)
	noise := rand.New(rand.NewPCG(1, 2))
	var film bytes.Buffer
	shot := image.NewRGBA(still.Bounds())
	for range 30 {
		for i, v := range still.Pix {
			shot.Pix[i] = uint8(max(0, min(255, int(v)+noise.IntN(7)-3)))
		}
		require.NoError(t, jpeg.Encode(&film, shot, &jpeg.Options{Quality: 90}))
	}
	path := filepath.Join(t.TempDir(), "film.mjpeg")
	require.NoError(t, os.WriteFile(path, film.Bytes(), 0o600))
	return path
}
