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
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/document/documenttest"
	"oneton/embed/embedtest"
	"oneton/gesture/gesturetest"
	"oneton/node"
	"oneton/server/servertest"
	"oneton/server/twoface/clienttest"
	"oneton/setup"
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

// person is a piece of a clip of somebody real, which set-up fetched; where there is no
// ffmpeg it is nothing.
func person(t *testing.T, name string, from, seconds float64) clienttest.File {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Log("without clips: ffmpeg is not installed")
		return clienttest.File{}
	}
	paths, err := setup.Find(setup.FromEnvironment(), setup.Clips)
	require.NoError(t, err, "'make setup' comes before the tests")
	content, err := gesturetest.Piece(t.Context(), filepath.Join(paths.Clips, name), from, seconds)
	require.NoError(t, err)
	return clienttest.File{Name: name, Content: content}
}

// With the real models, too, a client of the contract signs somebody up with a card and
// clips, is told by webhook, and knows the person again and nobody else.
func TestClientOfTheContractWithRealModels(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it computes, and shares nothing but what the same client shares with stand-ins")
	}
	_, r := realModels(t, func(cfg *config.Config) {
		cfg.KYC.Documents = time.Hour
		cfg.Webhooks.Plain, cfg.Webhooks.Allow = true, []string{"127.0.0.1"}
	})
	backend := r.contractClient(t, "acme")
	receiver := r.hears(t, "acme")
	portrait, _, err := image.Decode(bytes.NewReader(embedtest.Photo(t, "obama.jpg")))
	require.NoError(t, err)
	page := documenttest.CedulaFront(documenttest.Person{
		Number: cedula, Surname: "PEREZ ALMONTE", GivenNames: "JOSE MIGUEL", Birthplace: "SANTO DOMINGO, R.D.",
		Birth: "16 ABRIL 1984", Expiry: "24 MAYO 2034", Nationality: "REPÚBLICA DOMINICANA", Sex: "M",
	}, portrait, 3)
	shot := documenttest.Shoot(page, documenttest.Scene{Width: 1632, Degrees: 6, Perspective: 0.2, Direction: 40, Blur: 1, Noise: 4, Shadow: 0.3, Quality: 70})
	file := func(name string) clienttest.File {
		return clienttest.File{Name: name, Content: embedtest.Photo(t, name)}
	}
	attempt, u := signUp(t, backend, people{
		selfie: file("obama2.jpg"), document: clienttest.File{Name: "cedula.jpg", Content: shot.JPEG}, again: file("obama3.jpg"), stranger: file("biden.jpg"),
		documentType: "CEDULA", number: cedula,
		smile: person(t, "franck.mp4", 16.5, 3.5), blink: person(t, "franck.mp4", 23, 2.5),
	})
	heard(t, receiver, attempt, u.ID)
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
