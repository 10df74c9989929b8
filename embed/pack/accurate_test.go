package pack_test

import (
	"encoding/binary"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed/pack"
)

func TestBuiltinPacksAreValid(t *testing.T) {
	for name, dimension := range map[string]int{"default": 128, "accurate": 320} {
		t.Run(name, func(t *testing.T) {
			m, err := pack.Builtin(name)
			require.NoError(t, err)
			require.Equal(t, name, m.Name)
			require.Equal(t, dimension, m.TemplateDimension())
			require.NoError(t, m.Calibration.Validate())
			version, err := strconv.Atoi(m.Version)
			require.NoError(t, err)
			for earlier := 1; earlier < version; earlier++ {
				require.True(t, m.FromVersion(strconv.Itoa(earlier)), "faces of version %d are converted", earlier)
			}
		})
	}
}

// TestProjectionIsARotation proves that the accurate pack's projection changes
// no length and no angle within the space it keeps.
func TestProjectionIsARotation(t *testing.T) {
	const rows, columns = 192, 512
	data, err := os.ReadFile("manifests/fr_feature_192.f32")
	require.NoError(t, err)
	require.Len(t, data, 4*rows*columns)
	at := func(r, c int) float64 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(data[4*(r*columns+c):])))
	}
	for a := range rows {
		for b := range a + 1 {
			dot := 0.0
			for c := range columns {
				dot += at(a, c) * at(b, c)
			}
			want := 0.0
			if a == b {
				want = 1
			}
			require.InDelta(t, want, dot, 1e-6, "rows %d and %d", a, b)
		}
	}
}
