package jpeg_test

import (
	"bytes"
	"context"
	"image"
	standard "image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed/embedtest"
	"oneton/picture/internal/jpeg"
)

// files are the test pictures by name; those called declined are not decoded.
func files(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.jpg")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	contents := map[string][]byte{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		contents[filepath.Base(path)] = data
	}
	return contents
}

func decode(ctx context.Context, m *jpeg.Memory, data []byte) (*jpeg.Image, error) {
	frame, err := jpeg.ReadFrame(data)
	if err != nil {
		return nil, err
	}
	return m.Decode(ctx, data, frame)
}

// requireEqual compares the samples with those of an image of the standard
// library.
func requireEqual(t testing.TB, want image.Image, got *jpeg.Image) {
	t.Helper()
	require.Equal(t, want.Bounds().Size(), image.Pt(got.Width, got.Height))
	require.NoError(t, got.Damage)
	var planes [][]uint8
	var strides []int
	switch m := want.(type) {
	case *image.Gray:
		planes, strides = [][]uint8{m.Pix}, []int{m.Stride}
	case *image.YCbCr:
		planes, strides = [][]uint8{m.Y, m.Cb, m.Cr}, []int{m.YStride, m.CStride, m.CStride}
	default:
		t.Fatalf("a %T", want)
	}
	require.Len(t, got.Planes, len(planes))
	for i, p := range got.Planes {
		for y := range p.Height {
			if !bytes.Equal(planes[i][y*strides[i]:][:p.Width], p.Pix[y*p.Stride:][:p.Width]) {
				require.Fail(t, "another row", "plane %d, row %d", i, y)
			}
		}
	}
}

func requireEqualsStandardLibrary(t *testing.T, data []byte) {
	t.Helper()
	got, err := decode(t.Context(), new(jpeg.Memory), data)
	require.NoError(t, err)
	want, err := standard.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	requireEqual(t, want, got)
}

func TestDecodeEqualsStandardLibrary(t *testing.T) {
	for name, data := range files(t) {
		if !strings.HasPrefix(name, "other") {
			t.Run(name, func(t *testing.T) { requireEqualsStandardLibrary(t, data) })
		}
	}
	for _, name := range []string{"obama.jpg", "biden.jpg", "sample1.jpg", "sample6.jpg"} {
		t.Run(name, func(t *testing.T) { requireEqualsStandardLibrary(t, embedtest.Photo(t, name)) })
	}
}

func TestMemoryIsUsedAgain(t *testing.T) {
	var m jpeg.Memory
	for range 2 {
		for name, data := range files(t) {
			want, wantErr := decode(t.Context(), new(jpeg.Memory), data)
			got, err := decode(t.Context(), &m, data)
			require.Equal(t, wantErr, err, name)
			require.Equal(t, want, got, name)
		}
	}
	data := files(t)["444-q95.jpg"]
	once := testing.AllocsPerRun(10, func() { _, _ = decode(t.Context(), new(jpeg.Memory), data) })
	again := testing.AllocsPerRun(10, func() { _, _ = decode(t.Context(), &m, data) })
	require.Less(t, again, once)
}

func TestDecodeStopsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := decode(ctx, new(jpeg.Memory), files(t)["420-q95.jpg"])
	require.ErrorIs(t, err, context.Canceled)
}

// FuzzDecode holds the decoder to its word: what the standard library decodes,
// too, has the same samples. Of progressive files only those that are right have,
// since the library carries the end of a band over to the next scan.
func FuzzDecode(f *testing.F) {
	for _, data := range files(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const tooLarge = 1 << 20
		frame, err := jpeg.ReadFrame(data)
		if err != nil || frame.Blocks() > tooLarge/64 {
			return
		}
		got, err := new(jpeg.Memory).Decode(t.Context(), data, frame)
		if err != nil || got.Damage != nil {
			return
		}
		for _, p := range got.Planes {
			require.LessOrEqual(t, (p.Height-1)*p.Stride+p.Width, len(p.Pix))
		}
		want, err := standard.Decode(bytes.NewReader(data))
		if err != nil || frame.Progressive {
			return
		}
		switch want.(type) {
		case *image.Gray, *image.YCbCr: // the library turns other colours into pixels
			requireEqual(t, want, got)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"obama.jpg", "sample1.jpg"} {
		data := embedtest.Photo(b, name)
		b.Run("decoder=standard/photo="+name, func(b *testing.B) {
			for b.Loop() {
				_, err := standard.Decode(bytes.NewReader(data))
				require.NoError(b, err)
			}
		})
		b.Run("decoder=own/photo="+name, func(b *testing.B) {
			var m jpeg.Memory
			for b.Loop() {
				_, err := decode(b.Context(), &m, data)
				require.NoError(b, err)
			}
		})
	}
}
