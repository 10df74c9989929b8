package pack_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/calibration"
	"oneton/embed/pack"
	"oneton/face"
)

// golden is what testdata/trust.py computed.
type golden struct {
	Matrix   [][]float32
	Nuisance [][]float32
	Network  [][]float32
	Crop     [][]float32
	Restore  [][]float32
	Floor    float64
	Curve    []calibration.Doubt
	Faces    []struct {
		Joined     face.Template
		Length     float64
		Score      float64
		Unseen     float64
		Bounded    float64
		Crop       []float32
		View       []float64
		Earlier    float64
		Doubt      float64
		U          []float64
		Comparable bool
		Template   []float64

		Kept          face.Template
		KeptScore     float64 `json:"kept_score"`
		Restored      []float64
		RestoredScore float64 `json:"restored_score"`
	}
	Cosines [][]float64
}

func readGolden(t testing.TB) golden {
	t.Helper()
	data, err := os.ReadFile("testdata/trust.json")
	require.NoError(t, err)
	var g golden
	require.NoError(t, json.Unmarshal(data, &g))
	return g
}

// load is a pack of one recogniser of eight values, with a transform and
// nuisance directions if they are not nil.
func load(t testing.TB, matrix, nuisance [][]float32, trust *calibration.Trust) (*pack.Pack, error) {
	t.Helper()
	return loadAll(t, golden{Matrix: matrix, Nuisance: nuisance}, trust)
}

// loadAll is a pack of one recogniser of eight values, with what of matrices is
// not nil.
func loadAll(t testing.TB, g golden, trust *calibration.Trust) (*pack.Pack, error) {
	t.Helper()
	m, err := pack.Parse([]byte(manifest()))
	require.NoError(t, err)
	m.Recognisers = m.Recognisers[:1]
	m.Recognisers[0].Dimension = 8
	m.Transform, m.Trust = nil, trust
	m.Quality.Nuisance, m.Quality.Network, m.Quality.Crop = nil, nil, nil
	folder := t.TempDir()
	for i := range m.Files {
		require.NoError(t, os.WriteFile(filepath.Join(folder, m.Files[i].Name), []byte("model"), 0o600))
		m.Files[i].SHA256 = hash("model")
	}
	write := func(name string, matrix [][]float32) {
		var data []byte
		for _, row := range matrix {
			for _, v := range row {
				data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
			}
		}
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), data, 0o600))
		m.Files = append(m.Files, pack.File{Name: name, SHA256: hash(string(data))})
	}
	if g.Matrix != nil {
		write("matrix.f32", g.Matrix)
		m.Transform = &pack.Projection{File: "matrix.f32", Dimension: len(g.Matrix)}
	}
	if g.Nuisance != nil {
		write("nuisance.f32", g.Nuisance)
		m.Quality.Nuisance = &pack.Nuisance{File: "nuisance.f32", Dimension: len(g.Nuisance), Power: 4}
	}
	if g.Network != nil {
		write("network.f32", g.Network)
		m.Quality.Network = &pack.Network{File: "network.f32", Hidden: len(g.Network), Power: 2}
	}
	if g.Crop != nil {
		write("crop.f32", g.Crop)
		m.Quality.Crop = &pack.Network{File: "crop.f32", Hidden: len(g.Crop), Power: 2}
	}
	if g.Matrix != nil && trust != nil {
		m.Converts = append(m.Converts, pack.Earlier{Version: "again", Quality: &pack.Quality{Centre: 8, Slope: 3}, Transformed: true})
	}
	if g.Restore != nil {
		write("restore.f32", g.Restore)
		m.Converts = append(m.Converts, pack.Earlier{
			Version: "0", Quality: &pack.Quality{Centre: 8, Slope: 3, Nuisance: m.Quality.Nuisance},
			Restore: &pack.Projection{File: "restore.f32", Dimension: len(g.Restore[0]) - 2},
		})
	}
	return pack.Load(m, folder)
}

func open(t testing.TB, matrix, nuisance [][]float32, trust *calibration.Trust) *pack.Pack {
	t.Helper()
	p, err := load(t, matrix, nuisance, trust)
	require.NoError(t, err)
	return p
}

func TestTemplatesAgreeWithNumpy(t *testing.T) {
	g := readGolden(t)
	p, err := loadAll(t, g, &calibration.Trust{Floor: g.Floor, Doubt: g.Curve})
	require.NoError(t, err)
	require.Equal(t, len(g.Matrix)+1, p.TemplateDimension())
	templates := make([]face.Template, len(g.Faces))
	for i, f := range g.Faces {
		view := viewOf(f.Crop)
		require.Len(t, view, pack.ViewSize)
		for j, want := range f.View {
			require.InDelta(t, want, view[j], 1e-5, "face %d, value %d of its view", i, j)
		}
		score := p.Score(f.Length, f.Joined, view)
		require.InDelta(t, f.Score, score, 1e-6)
		require.InDelta(t, f.Unseen, p.Score(f.Length, f.Joined, nil), 1e-6)
		templates[i], err = p.Finish(f.Joined, score)
		require.NoError(t, err)
		require.NoError(t, templates[i].Check())
		require.InDelta(t, f.Doubt, p.Trust.At(score), 3e-6)
		require.Equal(t, f.Comparable, p.Trust.Comparable(score), "score %v", score)
		require.Len(t, templates[i], len(f.Template))
		for j, want := range f.Template {
			require.InDelta(t, want, templates[i][j], 3e-6, "face %d, coordinate %d", i, j)
		}
	}
	for i, a := range templates {
		for j, b := range templates {
			got, err := p.Probe(a).Cosine(b)
			require.NoError(t, err)
			require.InDelta(t, g.Cosines[i][j], got, 1e-5, "faces %d and %d", i, j)
			back, err := p.Probe(b).Cosine(a)
			require.NoError(t, err)
			require.Equal(t, math.Float64bits(got), math.Float64bits(back), "either may be the probe")
		}
	}

	// What an earlier version kept of a face gives the same.
	require.True(t, p.FromVersion("1"))
	require.False(t, p.FromVersion("3"))
	for _, f := range g.Faces {
		converted, score, err := p.Convert("1", f.Joined, float32(f.Earlier))
		require.NoError(t, err)
		require.InDelta(t, f.Unseen, score, 3e-5)
		want, err := p.Finish(f.Joined, float32(f.Unseen))
		require.NoError(t, err)
		for j, v := range converted {
			require.InDelta(t, want[j], v, 3e-5)
		}

		// One with the same transform gives the same but for what the crop shows,
		// whatever its doubt was.
		was, err := p.Finish(f.Joined, 1)
		require.NoError(t, err)
		converted, score, err = p.Convert("again", was, float32(1/(1+math.Pow(8/(9*math.Pow(f.Unseen/(1-f.Unseen), 0.1)), 3))))
		require.NoError(t, err)
		require.InDelta(t, f.Unseen, score, 3e-5)
		for j, v := range converted {
			require.InDelta(t, want[j], v, 3e-5)
		}
		kept, score, err := p.Convert("2", f.Joined, float32(f.Score))
		require.NoError(t, err)
		require.Equal(t, float32(f.Score), score)
		want, err = p.Finish(f.Joined, score)
		require.NoError(t, err)
		require.Equal(t, want, kept)

		// And what one with a transform kept gives what is told by it.
		restored, score, err := p.Convert("0", f.Kept, float32(f.KeptScore))
		require.NoError(t, err)
		require.InDelta(t, f.RestoredScore, score, 3e-5)
		for j, want := range f.Restored {
			require.InDelta(t, want, restored[j], 2e-4)
		}
	}
	for _, version := range []string{"0", "again"} {
		_, _, err = p.Convert(version, g.Faces[0].Joined, 1)
		require.ErrorIs(t, err, face.ErrDimension)
	}
	for _, extreme := range []float32{-1, 0, 1} {
		converted, score, err := p.Convert("1", g.Faces[0].Joined, extreme)
		require.NoError(t, err)
		require.InDelta(t, max(0, extreme), score, 1e-6)
		require.NoError(t, converted.Check())
	}
	_, _, err = p.Convert("3", g.Faces[0].Joined, 1)
	require.ErrorIs(t, err, pack.ErrVersion)
	_, _, err = p.Convert("1", g.Faces[0].Joined[1:], 1)
	require.ErrorIs(t, err, face.ErrDimension)
}

// However good networks find a photo, its length counts so many times at most, also
// that of a face of an earlier version.
func TestBoundOfWhatCounts(t *testing.T) {
	g := readGolden(t)
	p, err := loadAll(t, g, &calibration.Trust{Floor: g.Floor, Doubt: g.Curve})
	require.NoError(t, err)
	p.Quality.Most = 0.9
	bounded := 0
	for _, f := range g.Faces {
		require.InDelta(t, f.Bounded, p.Score(f.Length, f.Joined, viewOf(f.Crop)), 1e-6)
		if f.Bounded < f.Score {
			bounded++
		}
		_, score, err := p.Convert("1", f.Joined, float32(f.Earlier))
		require.NoError(t, err)
		require.InDelta(t, p.Score(f.Length, f.Joined, nil), score, 3e-5)
	}
	require.Positive(t, bounded)
	require.Less(t, bounded, len(g.Faces))
}

// viewOf is the view of a small crop of red, green and blue, pixel after pixel.
func viewOf(crop []float32) pack.View {
	const side = 14
	var red, green, blue, luma []float32
	for i := 0; i < len(crop); i += 3 {
		red, green, blue = append(red, crop[i]), append(green, crop[i+1]), append(blue, crop[i+2])
		luma = append(luma, float32(0.299*crop[i])+float32(0.587*crop[i+1])+float32(0.114*crop[i+2]))
	}
	return pack.ViewOf(red, green, blue, luma, side)
}

// A view shows what is where, and not how bright or in what contrast it is.
func TestViewsKnowNoLight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		crop := rapid.SliceOfN(rapid.Float32Range(40, 120), 3*14*14, 3*14*14).Draw(t, "crop")
		for i := range crop { // it is neither flat nor smooth
			crop[i] = max(crop[i], float32(i%7)*25)
		}
		by, more := rapid.Float32Range(1, 1.5).Draw(t, "by"), rapid.Float32Range(-10, 10).Draw(t, "more")
		lit := make([]float32, len(crop))
		for i, v := range crop {
			lit[i] = by*v + more
		}
		want := viewOf(crop)
		for i, v := range viewOf(lit) {
			require.InDelta(t, want[i], v, 2e-3)
		}
	})
	for _, v := range viewOf(make([]float32, 3*14*14)) {
		require.Contains(t, []float32{0, -1}, v, "of a black crop nothing is seen")
	}
}

// What is computed of the models' answers is the same on every processor, bit
// for bit.
func TestTemplatesAreEqualEverywhere(t *testing.T) {
	g := readGolden(t)
	p, err := loadAll(t, g, &calibration.Trust{Floor: g.Floor, Doubt: g.Curve})
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(1, 2))
	sum := sha256.New()
	for range 300 {
		v := make([]float32, 8)
		for i := range v {
			v[i] = rng.Float32() - 0.5
		}
		joined, err := face.NewTemplate(v)
		require.NoError(t, err)
		crop := make([]float32, 3*14*14)
		for i := range crop {
			crop[i] = 256 * rng.Float32()
		}
		score := p.Score(9+3*rng.Float64(), joined, viewOf(crop))
		kept, err := p.Finish(joined, score)
		require.NoError(t, err)
		cosine, err := p.Probe(kept).Cosine(kept)
		require.NoError(t, err)
		for _, v := range []any{score, []float32(kept), []float32(p.Probe(kept)), cosine} {
			require.NoError(t, binary.Write(sum, binary.LittleEndian, v))
		}
	}
	require.Equal(t, "bc97c3f8e8d5a641", hex.EncodeToString(sum.Sum(nil)[:8]))
}

// Without a transform and trust a template is what the recognisers gave, and
// its own probe.
func TestTemplatesOfPlainPacks(t *testing.T) {
	g := readGolden(t)
	plain := open(t, nil, nil, nil)
	require.Equal(t, 8, plain.TemplateDimension())
	for _, f := range g.Faces {
		got, err := plain.Finish(f.Joined, float32(f.Score))
		require.NoError(t, err)
		require.Equal(t, f.Joined, got)
		require.Equal(t, f.Joined, plain.Probe(got))
	}

	// Each of the two works alone.
	f := g.Faces[3]
	got, err := open(t, g.Matrix, nil, nil).Finish(f.Joined, float32(f.Score))
	require.NoError(t, err)
	require.Len(t, got, len(f.U))
	for i, want := range f.U {
		require.InDelta(t, want, got[i], 2e-7)
	}
	doubting := open(t, nil, nil, &calibration.Trust{Doubt: []calibration.Doubt{{Doubt: 0.6}}})
	require.Equal(t, 9, doubting.TemplateDimension())
	got, err = doubting.Finish(f.Joined, float32(f.Score))
	require.NoError(t, err)
	for i, v := range f.Joined {
		require.InDelta(t, 0.8*float64(v), got[i], 1e-7)
	}
	require.InDelta(t, 0.6, got[8], 1e-7)
}

func TestLoadRefusesMatrix(t *testing.T) {
	for name, matrix := range map[string][][]float32{
		"short rows":   {{1, 2, 3, 4, 5, 6, 7}},
		"long rows":    {{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		"not a number": {{1, 2, 3, 4, float32(math.NaN()), 6, 7, 8}},
		"infinite":     {{1, 2, 3, 4, 5, 6, 7, float32(math.Inf(1))}},
	} {
		_, err := load(t, matrix, nil, nil)
		require.ErrorIs(t, err, pack.ErrManifest, name)
		require.ErrorContains(t, err, "matrix.f32", name)
	}
}

func TestNoTemplateOfAnythingElse(t *testing.T) {
	p := open(t, [][]float32{{1, 0, 0, 0, 0, 0, 0, 0}}, nil, &calibration.Trust{Doubt: []calibration.Doubt{{Doubt: 0.6}}})
	for name, c := range map[string]struct {
		joined face.Template
		want   error
	}{
		"short":        {face.Template{1}, face.ErrDimension},
		"long":         {make(face.Template, 9), face.ErrDimension},
		"nothing left": {face.Template{0, 1, 0, 0, 0, 0, 0, 0}, face.ErrZero},
		"not a number": {face.Template{float32(math.NaN()), 0, 0, 0, 0, 0, 0, 0}, face.ErrNotFinite},
	} {
		_, err := p.Finish(c.joined, 1)
		require.ErrorIs(t, err, c.want, name)
	}
}

// The worse two photos are, the less alike they are; a clear pair is as alike
// as its vectors, and doubt in one alone hardly counts.
func TestDoubtInBothCounts(t *testing.T) {
	p := open(t, nil, nil, &calibration.Trust{Floor: 0.3, Doubt: []calibration.Doubt{{Quality: 0.2, Doubt: 0.8}, {Quality: 0.9, Doubt: 0}}})
	rapid.Check(t, func(t *rapid.T) {
		vectors := rapid.SliceOfN(rapid.Float32Range(-1, 1), 8, 8)
		a, errA := face.NewTemplate(vectors.Draw(t, "a"))
		b, errB := face.NewTemplate(vectors.Draw(t, "b"))
		if errA != nil || errB != nil {
			return
		}
		score := rapid.Float32Range(0, 1)
		cosine := func(q, r float32) float64 {
			x, err := p.Finish(a, q)
			require.NoError(t, err)
			y, err := p.Finish(b, r)
			require.NoError(t, err)
			require.NoError(t, x.Check())
			c, err := p.Probe(x).Cosine(y)
			require.NoError(t, err)
			return c
		}
		plain, err := a.Cosine(b)
		require.NoError(t, err)
		require.InDelta(t, plain, cosine(1, 1), 1e-6)

		q, r := score.Draw(t, "q"), score.Draw(t, "r")
		worse := min(r, score.Draw(t, "worse"))
		got := cosine(q, r)
		require.Equal(t, math.Float64bits(got), math.Float64bits(cosine(q, r)), "the same, bit for bit")
		if got >= 0 {
			require.LessOrEqual(t, cosine(q, worse), got+1e-6, "a poorer photo is never more alike")
		}
		d, e := p.Trust.At(q), p.Trust.At(r)
		require.InDelta(t, math.Sqrt(1-d*d)*math.Sqrt(1-e*e)*plain-d*e, got, 1e-6)
	})
}

// The doubt is the same on every processor only where the score is: a whole
// power takes products alone, and others logarithms that differ.
func TestBuiltinScoresAreExact(t *testing.T) {
	for _, name := range []string{"default", "accurate"} {
		m, err := pack.Builtin(name)
		require.NoError(t, err)
		require.Equal(t, math.Trunc(m.Quality.Slope), m.Quality.Slope, name)
	}
}

// What the built-in packs' doubts do to a threshold: whatever the quality of two
// photos, they need as much likeness as it says, but for 0.02, also below the
// floor. So a gallery that keeps such faces answers strangers as every other.
func TestNoQualityMakesStrangersMoreAlike(t *testing.T) {
	const steps, fpir, slack = 200, 0.01, 0.02
	for _, name := range []string{"default", "accurate"} {
		m, err := pack.Builtin(name)
		require.NoError(t, err)
		doubt := func(step int) float64 { return m.Trust.At(float32(math.Pow(10, -6*(1-float64(step)/steps)))) }
		for _, faces := range []int{1, 100, 1000, 1_000_000} {
			threshold := m.Calibration.Identification(fpir, faces)
			for i := range steps + 1 {
				for j := range i + 1 {
					a, b := doubt(i), doubt(j)
					needed := (threshold + a*b) / math.Sqrt((1-a*a)*(1-b*b))
					require.Greater(t, needed, threshold-slack, "%s: doubts %v and %v among %d faces", name, a, b, faces)
				}
			}
		}
	}
}
