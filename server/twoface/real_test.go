package twoface_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color/palette"
	"image/draw"
	"image/gif"
	_ "image/jpeg" // of photos
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/embed/embedtest"
	"oneton/node"
	"oneton/server/servertest"
)

// realModels is a node with the real models that speaks the dialect.
func realModels(t *testing.T, change func(*config.Config)) (*node.Node, rig) {
	t.Helper()
	embedtest.Photo(t, "obama.jpg") // skips where nothing was fetched
	cfg := config.Default()
	cfg.Data, cfg.Twoface.Prefix = t.TempDir(), at
	if change != nil {
		change(&cfg)
	}
	n, err := node.Open(t.Context(), cfg, zerolog.Nop())
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	serving, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- n.Serve(serving, ln) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		require.NoError(t, <-served)
		require.NoError(t, n.Close())
	})
	return n, rig{Rig: &servertest.Rig{URL: "http://" + ln.Addr().String(), Store: n.Truth.Store, Access: n.Truth.Access, Node: n}}
}

// looped is a still photo as a clip of two seconds.
func looped(t *testing.T, photo []byte) []byte {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(photo))
	require.NoError(t, err)
	b := img.Bounds()
	step := max(1, b.Dx()/400)
	small := image.NewRGBA(image.Rect(0, 0, b.Dx()/step, b.Dy()/step))
	for y := range small.Rect.Dy() {
		for x := range small.Rect.Dx() {
			small.Set(x, y, img.At(b.Min.X+x*step, b.Min.Y+y*step))
		}
	}
	frame := image.NewPaletted(small.Rect, palette.Plan9)
	draw.FloydSteinberg.Draw(frame, frame.Rect, small, image.Point{})
	clip := &gif.GIF{}
	for range 24 {
		clip.Image, clip.Delay = append(clip.Image, frame), append(clip.Delay, 8)
	}
	var file bytes.Buffer
	require.NoError(t, gif.EncodeAll(&file, clip))
	return file.Bytes()
}

// Without ffmpeg a server says so and refuses videos with what else can be sent; a
// still photo in a loop neither smiles nor blinks, and real photos are compared.
func TestRealModelsWithoutFFmpeg(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, r := realModels(t, nil)
	res, err := http.Get(r.URL + "/readyz")
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	var ready struct {
		Status string
		Off    map[string]string
	}
	require.NoError(t, json.Unmarshal(body, &ready))
	require.Equal(t, "ok", ready.Status)
	require.Contains(t, ready.Off["video"], "install ffmpeg")
	require.NotContains(t, ready.Off, "gestures")

	c := r.backend(t, "acme")
	open := c.open(t, "SIGNUP")
	photo := embedtest.Photo(t, "obama.jpg")
	video := append([]byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41"), make([]byte, 4<<10)...)
	open.files(t, "/faces/check-smile", m{"clip": video}).refused(t, http.StatusUnsupportedMediaType,
		"this server has no ffmpeg, which videos take; send an animated GIF or motion JPEG")
	for _, path := range []string{"/faces/check-smile", "/faces/check-blink"} {
		var does bool
		open.files(t, path, m{"clip": looped(t, photo)}).result(t, &does)
		require.False(t, does, path)
	}
	var faces int
	open.files(t, "/faces/detect", m{"file": photo}).result(t, &faces)
	require.Equal(t, 1, faces)
	var same, other float64
	open.files(t, "/faces/compare", m{"document": embedtest.Photo(t, "obama2.jpg"), "face": photo}).result(t, &same)
	open.files(t, "/faces/detect", m{"document": embedtest.Photo(t, "biden.jpg"), "face": photo}).result(t, &other)
	require.Greater(t, same, 80.0)
	require.Less(t, other, 80.0)
}
