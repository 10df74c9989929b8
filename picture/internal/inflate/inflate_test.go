package inflate_test

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/picture/internal/inflate"
)

const enough = 1 << 20

// oracle is what package compress/zlib makes of the data, and its error.
func oracle(data []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// contents are of every kind that compresses in another way.
func contents() map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	bytesOf := func(n int, next func(i int) byte) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = next(i)
		}
		return b
	}
	const n = 400_000 // several windows
	all := map[string][]byte{
		"nothing":      {},
		"a byte":       {7},
		"zeros":        make([]byte, n),
		"noise":        bytesOf(n, func(int) byte { return byte(random.Uint32()) }),
		"narrow noise": bytesOf(n, func(int) byte { return byte(random.NormFloat64() * 3) }),
		"wide noise":   bytesOf(n, func(int) byte { return byte(random.NormFloat64() * 40) }),
		// Long codes: each value half as often as the one before.
		"skewed":  bytesOf(n, func(int) byte { return byte(random.ExpFloat64() * 1.5) }),
		"periods": bytesOf(n, func(i int) byte { return byte(i * i / 1000 % 251) }),
	}
	far := bytesOf(32<<10, func(int) byte { return byte(random.Uint32()) })
	all["as far as matches reach"] = slices.Concat(far, far, far[:100], far)
	return all
}

func TestReadsWhatIsWritten(t *testing.T) {
	for name, content := range contents() {
		for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
			var b bytes.Buffer
			w, err := zlib.NewWriterLevel(&b, level)
			require.NoError(t, err)
			for part := range slices.Chunk(content, 100_000) {
				_, err = w.Write(part)
				require.NoError(t, err)
				require.NoError(t, w.Flush())
			}
			require.NoError(t, w.Close())
			sum := b.Bytes()[b.Len()-4:]
			r := inflate.New(append(b.Bytes(), "behind"...), enough)
			got, err := io.ReadAll(r)
			require.NoError(t, err, "%s, level %d", name, level)
			require.True(t, bytes.Equal(content, got), "%s, level %d", name, level)
			require.Equal(t, binary.BigEndian.Uint32(sum), r.Sum())
		}
	}
}

// What is there of data that end early is read, and nothing else.
func TestReadsWhatComesBeforeACut(t *testing.T) {
	for name, content := range contents() {
		for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, flate.BestSpeed, flate.BestCompression} {
			content = content[:min(len(content), 70_000)]
			var b bytes.Buffer
			w, err := zlib.NewWriterLevel(&b, level)
			require.NoError(t, err)
			_, err = w.Write(content)
			require.NoError(t, err)
			require.NoError(t, w.Close())
			for cut := b.Len() - 1; cut >= 0; cut -= 1 + cut/50 {
				got, err := io.ReadAll(inflate.New(b.Bytes()[:cut], enough))
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%s, level %d, %d bytes", name, level, cut)
				require.True(t, bytes.HasPrefix(content, got), "%s, level %d, %d bytes", name, level, cut)
				want, _ := oracle(b.Bytes()[:cut])
				require.GreaterOrEqual(t, len(got), len(want))
			}
		}
	}
}

func TestBlocksAreBounded(t *testing.T) {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	const blocks = 50
	for range blocks {
		require.NoError(t, w.Flush()) // a stored block of nothing
	}
	require.NoError(t, w.Close())
	_, err := io.ReadAll(inflate.New(b.Bytes(), blocks+1))
	require.NoError(t, err)
	_, err = io.ReadAll(inflate.New(b.Bytes(), blocks))
	require.ErrorIs(t, err, inflate.ErrBlocks)
}

// FuzzInflate holds the reader to package compress/zlib.
func FuzzInflate(f *testing.F) {
	for _, content := range contents() {
		for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, flate.BestSpeed, flate.BestCompression} {
			var b bytes.Buffer
			w, err := zlib.NewWriterLevel(&b, level)
			require.NoError(f, err)
			_, err = w.Write(content[:min(len(content), 2000)])
			require.NoError(f, err)
			require.NoError(f, w.Close())
			f.Add(b.Bytes())
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		want, wantErr := oracle(data)
		got, err := io.ReadAll(inflate.New(data, enough))
		if errors.Is(wantErr, zlib.ErrChecksum) {
			wantErr = nil
		}
		if wantErr == nil {
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got))
			return
		}
		require.Error(t, err)
		// Both have all that comes before what is wrong, but the oracle keeps back
		// what it has not handed out then.
		require.True(t, bytes.HasPrefix(got, want) || bytes.HasPrefix(want, got))
	})
}

func BenchmarkInflate(b *testing.B) {
	for name, content := range contents() {
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		_, err := w.Write(content)
		require.NoError(b, err)
		require.NoError(b, w.Close())
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				_, err := io.Copy(io.Discard, inflate.New(z.Bytes(), enough))
				require.NoError(b, err)
			}
		})
		b.Run(name+", compress/zlib", func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				r, err := zlib.NewReader(bytes.NewReader(z.Bytes()))
				require.NoError(b, err)
				_, err = io.Copy(io.Discard, r)
				require.NoError(b, err)
			}
		})
	}
}
