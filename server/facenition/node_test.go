package facenition_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/face"
	"oneton/node"
	"oneton/photo"
)

// recorder embeds photos with the real models and remembers every template.
type recorder struct {
	*embed.Embedder
	mu        sync.Mutex
	templates []face.Template
}

func newRecorder(t testing.TB) *recorder {
	t.Helper()
	return &recorder{Embedder: embedtest.New(t, embed.DefaultConfig())}
}

func (r *recorder) Embed(ctx context.Context, pack string, content []byte, checks ...photo.Check) (photo.Result, error) {
	result, err := r.Embedder.Embed(ctx, pack, content, checks...)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range result.Faces {
		r.templates = append(r.templates, f.Template, f.Probe)
	}
	return result, err
}

// Close leaves it to the test.
func (r *recorder) Close() error { return nil }

// process is a whole node, whose files are all in one folder.
type process struct {
	*node.Node
	url  string
	stop func()
}

// startNode runs a node that speaks the dialect, and logs all that it can.
func startNode(t *testing.T, folder string, e node.Embedder, change func(*config.Config)) *process {
	t.Helper()
	for _, name := range []string{"data", "tmp"} {
		require.NoError(t, os.MkdirAll(filepath.Join(folder, name), 0o700))
	}
	cfg := config.Default()
	cfg.Data, cfg.Facenition.Prefix = filepath.Join(folder, "data"), at
	cfg.Log.Level = "trace"
	if change != nil {
		change(&cfg)
	}
	require.NoError(t, cfg.Validate())
	out, err := os.Create(filepath.Join(folder, "log"))
	require.NoError(t, err)
	log, err := node.NewLogger(cfg.Log, out)
	require.NoError(t, err)
	n, err := node.OpenWith(context.Background(), cfg, log, node.Parts{Embedder: e})
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	serving, end := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- n.Serve(serving, ln) }()
	p := &process{Node: n, url: "http://" + ln.Addr().String()}
	p.stop = sync.OnceFunc(func() {
		http.DefaultClient.CloseIdleConnections()
		end()
		require.NoError(t, <-served)
		require.NoError(t, n.Close())
		require.NoError(t, out.Close())
	})
	t.Cleanup(p.stop)
	return p
}

// variants are as many different photos of single people.
func variants(t *testing.T, n int) [][]byte {
	t.Helper()
	names := []string{"obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg", "astronaut.png"}
	var all [][]byte
	for i := range n {
		img, _, err := image.Decode(bytes.NewReader(embedtest.Photo(t, names[i%len(names)])))
		require.NoError(t, err)
		all = append(all, varied(t, img, i/len(names)))
	}
	return all
}

// varied is a picture lighter or darker, mirrored or not, and compressed.
func varied(t *testing.T, img image.Image, way int) []byte {
	t.Helper()
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	gain := 0.6 + 0.1*float64(way/2)
	for y := range b.Dy() {
		for x := range b.Dx() {
			r, g, bl, _ := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
			light := func(v uint32) uint8 { return uint8(min(255, gain*float64(v>>8))) }
			to := x
			if way%2 == 1 {
				to = b.Dx() - 1 - x
			}
			out.SetRGBA(to, y, color.RGBA{light(r), light(g), light(bl), 255})
		}
	}
	var file bytes.Buffer
	require.NoError(t, jpeg.Encode(&file, out, &jpeg.Options{Quality: 60 + 3*way}))
	return file.Bytes()
}
