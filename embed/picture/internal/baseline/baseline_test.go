package baseline_test

import (
	"bytes"
	"context"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed/embedtest"
	"oneton/embed/picture/internal/baseline"
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

func requireEqualsStandardLibrary(t *testing.T, data []byte) {
	t.Helper()
	got, err := new(baseline.Memory).Decode(t.Context(), data)
	require.NoError(t, err)
	want, err := jpeg.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestDecodeEqualsStandardLibrary(t *testing.T) {
	for name, data := range files(t) {
		if !strings.HasPrefix(name, "declined") {
			t.Run(name, func(t *testing.T) { requireEqualsStandardLibrary(t, data) })
		}
	}
	for _, name := range []string{"obama.jpg", "biden.jpg", "sample1.jpg", "sample6.jpg"} {
		t.Run(name, func(t *testing.T) { requireEqualsStandardLibrary(t, embedtest.Photo(t, name)) })
	}
}

func TestMemoryIsUsedAgain(t *testing.T) {
	var m baseline.Memory
	for range 2 {
		for name, data := range files(t) {
			want, wantErr := new(baseline.Memory).Decode(t.Context(), data)
			got, err := m.Decode(t.Context(), data)
			require.Equal(t, wantErr, err, name)
			require.Equal(t, want, got, name)
		}
	}
	data := files(t)["444-q95.jpg"]
	once := testing.AllocsPerRun(10, func() { _, _ = new(baseline.Memory).Decode(t.Context(), data) })
	again := testing.AllocsPerRun(10, func() { _, _ = m.Decode(t.Context(), data) })
	require.Less(t, again, once)
}

func TestDecodeDeclines(t *testing.T) {
	whole := files(t)
	plain := whole["420-q95.jpg"]
	cases := map[string][]byte{
		"empty":           nil,
		"no image":        []byte("GIF89a"),
		"progressive":     whole["declined-progressive.jpg"],
		"cmyk":            whole["declined-cmyk.jpg"],
		"rgb":             whole["declined-rgb.jpg"],
		"half":            plain[:len(plain)/2],
		"no end":          plain[:len(plain)-2],
		"headers only":    plain[:200],
		"damaged in scan": append(append(bytes.Clone(plain[:len(plain)/2]), 0xff, 0xc4), plain[len(plain)/2:]...),
		"restart missing": bytes.Replace(whole["restarts.jpg"], []byte{0xff, 0xd3}, nil, 1),
	}
	for name, data := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := new(baseline.Memory).Decode(t.Context(), data)
			require.ErrorIs(t, err, baseline.ErrDeclined)
		})
	}
}

func TestDecodeStopsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := new(baseline.Memory).Decode(ctx, files(t)["420-q95.jpg"])
	require.ErrorIs(t, err, context.Canceled)
}

// FuzzDecode holds the decoder to its word: what it takes, the standard
// library decodes to the same samples.
func FuzzDecode(f *testing.F) {
	for _, data := range files(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const tooLarge = 1 << 20
		if cfg, err := jpeg.DecodeConfig(bytes.NewReader(data)); err == nil && cfg.Width*cfg.Height > tooLarge {
			return
		}
		got, err := new(baseline.Memory).Decode(t.Context(), data)
		if err != nil {
			return
		}
		want, err := jpeg.Decode(bytes.NewReader(data))
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"obama.jpg", "sample1.jpg"} {
		data := embedtest.Photo(b, name)
		b.Run("decoder=standard/photo="+name, func(b *testing.B) {
			for b.Loop() {
				_, err := jpeg.Decode(bytes.NewReader(data))
				require.NoError(b, err)
			}
		})
		b.Run("decoder=baseline/photo="+name, func(b *testing.B) {
			var m baseline.Memory
			for b.Loop() {
				_, err := m.Decode(b.Context(), data)
				require.NoError(b, err)
			}
		})
	}
}
