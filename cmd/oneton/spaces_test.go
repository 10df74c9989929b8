package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/calibration"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/index/qdrant/qdranttest"
	"oneton/node"
	"oneton/setup"
	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/sqlite"
)

// writeVersions writes two versions of the manifest's pack into its files' folder:
// the first has neither transform nor trust, and the second converts what the
// first made.
func writeVersions(t *testing.T, m pack.Manifest, folder string) (first, second string) {
	t.Helper()
	m.Version, m.Aligner, m.Transform, m.Trust, m.Converts = "1", nil, nil, nil, nil
	m.Quality = &pack.Quality{Centre: 8.97, Slope: 10}
	used := []string{m.Detector.File}
	for _, r := range m.Recognisers {
		used = append(used, r.File)
		if r.Projection != nil {
			used = append(used, r.Projection.File)
		}
	}
	m.Files = slices.DeleteFunc(slices.Clone(m.Files), func(f pack.File) bool { return !slices.Contains(used, f.Name) })
	write := func(name string) string {
		text, err := yaml.Marshal(m)
		require.NoError(t, err)
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, text, 0o600))
		return path
	}
	first = write("first.yaml")

	rng, d := rand.New(rand.NewPCG(1, 2)), m.TemplateDimension()
	var matrix []byte
	for range d * (d - 1) {
		matrix = binary.LittleEndian.AppendUint32(matrix, math.Float32bits(float32(rng.NormFloat64())))
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "transform.f32"), matrix, 0o600))
	m.Version = "2"
	m.Files = append(m.Files, pack.File{Name: "transform.f32", SHA256: fmt.Sprintf("%x", sha256.Sum256(matrix))})
	m.Transform = &pack.Projection{File: "transform.f32", Dimension: d - 1}
	m.Trust = &calibration.Trust{Doubt: []calibration.Doubt{{Quality: 0, Doubt: 0.7}, {Quality: 1, Doubt: 0}}}
	m.Converts = []pack.Earlier{{Version: "1", Quality: &pack.Quality{Centre: 8.97, Slope: 10}}}
	return first, write("second.yaml")
}

func patternVersions(t *testing.T) (first, second string) {
	t.Helper()
	path := patternPack(t)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	m, err := pack.Parse(text)
	require.NoError(t, err)
	return writeVersions(t, *m, filepath.Dir(path))
}

func openStore(t *testing.T, data string) *sqlite.Store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(data, "oneton.db")})
	require.NoError(t, err)
	return db
}

// allFaces are the faces of the space by their ids.
func allFaces(t *testing.T, db *sqlite.Store, space string) map[string]store.Face {
	t.Helper()
	all := make(map[string]store.Face)
	for after := uint64(0); ; {
		faces, next, err := db.FacesIn(t.Context(), space, after, 1000)
		require.NoError(t, err)
		for _, f := range faces {
			require.Empty(t, f.Damage)
			all[string(f.ID)] = f
		}
		if next == after {
			return all
		}
		after = next
	}
}

func (p *program) ready() (status int, err error) {
	return p.do("", http.MethodGet, "/readyz", nil, nil)
}

func (p *program) waitReady(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { _, err := p.ready(); return err == nil }, 2*time.Minute, 20*time.Millisecond)
}

// soFar is what a server that converts faces says of how many.
var soFar = regexp.MustCompile(`(\d+) of \d+ so far`)

// TestKilledWhileConverting starts a server with another version of its pack, kills
// it at random moments of the conversion, and compares every face at the end with
// what the version makes of the one before.
func TestKilledWhileConverting(t *testing.T) {
	const subjects, faces, shown = 80, 250, 5
	first, second := patternVersions(t)
	data := t.TempDir()
	p := startProgram(t, data, "--set", "packs="+first)
	key := p.key
	_, err := p.do(key, http.MethodPost, "/v1/galleries", map[string]any{"name": "staff"}, nil)
	require.NoError(t, err)
	for i := range shown {
		p.enrol(t, key, fmt.Sprint("p", i), pattern(fmt.Sprint(i)))
	}
	p.stop(t)
	db := openStore(t, data)
	g, err := db.Gallery(t.Context(), node.FirstTenant, "staff")
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(3, 4))
	for range subjects {
		fs := make([]store.Face, faces)
		for i := range fs {
			v := make([]float32, 3*patches*patches)
			for j := range v {
				v[j] = float32(rng.NormFloat64())
			}
			unit, err := face.NewTemplate(v)
			require.NoError(t, err)
			fs[i] = store.Face{ID: store.FaceID(uuid.NewString()), Pack: g.Pack, Template: unit, Quality: face.Quality{Score: rng.Float32()}}
		}
		_, err = db.Enrol(t.Context(), store.Subject{Gallery: g.ID, ID: store.SubjectID(uuid.NewString())}, fs, nil, true)
		require.NoError(t, err)
	}
	before := allFaces(t, db, g.Pack)
	require.Len(t, before, subjects*faces+shown)
	require.NoError(t, db.Close())

	refused := 0
	for range 4 {
		p = startProgram(t, data, "--set", "packs="+second)
		// Until a page or more is converted, and not all in all lives together.
		for target, done := 1+rng.IntN(len(before)/8), 0; done < target; {
			status, err := p.ready()
			if err == nil {
				break
			}
			require.Equal(t, http.StatusServiceUnavailable, status)
			require.ErrorContains(t, err, `"code":"converting"`)
			if told := soFar.FindStringSubmatch(err.Error()); told != nil {
				done, err = strconv.Atoi(told[1])
				require.NoError(t, err)
			}
		}
		_, status, err := p.finds(key, "p0", pattern("0"))
		if status == http.StatusServiceUnavailable {
			require.ErrorContains(t, err, `"code":"converting"`)
			require.ErrorContains(t, err, "version 2")
			refused++
		}
		_, err = p.do("", http.MethodGet, "/livez", nil, nil)
		require.NoError(t, err)
		p.kill(t)
		require.NotContains(t, p.log.String(), "set aside")
	}
	require.Positive(t, refused)
	db = openStore(t, data)
	there, err := db.Spaces(t.Context())
	require.NoError(t, err)
	require.Positive(t, there["pattern@2"], "killed before anything was converted")
	require.Positive(t, there["pattern"], "killed after everything was converted")
	require.NoError(t, db.Close())

	p = startProgram(t, data, "--set", "packs="+second)
	p.waitReady(t)
	for i := range shown {
		p.requireFinds(t, key, fmt.Sprint("p", i), pattern(fmt.Sprint(i)), true)
	}
	p.enrol(t, key, "new", pattern("new"))
	p.requireFinds(t, key, "new", pattern("new"), true)
	var sub struct{ Faces []struct{ Pack string } }
	_, err = p.do(key, http.MethodGet, "/v1/galleries/staff/subjects/p0", nil, &sub)
	require.NoError(t, err)
	require.Equal(t, "pattern", sub.Faces[0].Pack, "what callers see is the pack's name")
	p.stop(t)
	out, err := command(t, "index", "verify", "--data", data, "--sample", "0")
	require.NoError(t, err, out)
	require.Contains(t, out, "0 differences")

	db = openStore(t, data)
	after := allFaces(t, db, "pattern@2")
	require.Empty(t, allFaces(t, db, "pattern"))
	models, err := pack.Open(second, "")
	require.NoError(t, err)
	require.Len(t, after, len(before)+1)
	for id, was := range before {
		is := after[id]
		want, score, err := models.Convert("1", was.Template, was.Quality.Score)
		require.NoError(t, err)
		require.Equal(t, want, is.Template)
		require.Equal(t, score, is.Quality.Score)
		require.Equal(t, was.Subject, is.Subject)
		require.True(t, was.CreatedAt.Equal(is.CreatedAt))
	}
	require.NoError(t, db.Close())

	// There is no way back, and that is said.
	out, err = command(t, "serve", "--data", data, "--listen", "127.0.0.1:0", "--set", "packs="+first)
	require.Error(t, err)
	require.Contains(t, out, "they are of version 2, and version 1 is loaded")
}

// TestRealTemplatesAreConverted converts what the default pack's recogniser made of
// a photo, and enrols the photo anew.
func TestRealTemplatesAreConverted(t *testing.T) {
	photo, data, folder := portrait(t), t.TempDir(), t.TempDir()
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default)
	require.NoError(t, err)
	m, err := pack.Builtin("default")
	require.NoError(t, err)
	for _, f := range m.Files {
		err := os.Symlink(filepath.Join(paths.Models, f.Name), filepath.Join(folder, f.Name))
		require.NoError(t, err)
	}
	first, second := writeVersions(t, *m, folder)
	p := startProgram(t, data, "--set", "packs="+first)
	key := p.key
	_, err = p.do(key, http.MethodPost, "/v1/galleries", map[string]any{"name": "staff"}, nil)
	require.NoError(t, err)
	p.enrol(t, key, "before", photo)
	p.stop(t)
	p = startProgram(t, data, "--set", "packs="+second)
	p.waitReady(t)
	p.requireFinds(t, key, "before", photo, true)
	p.enrol(t, key, "after", photo)
	p.stop(t)
	require.Contains(t, p.log.String(), "converting faces")

	db := openStore(t, data)
	faces := slices.Collect(maps.Values(allFaces(t, db, "default@2")))
	require.NoError(t, db.Close())
	require.Len(t, faces, 2)
	cosine, err := faces[0].Template.Cosine(faces[1].Template)
	require.NoError(t, err)
	require.InDelta(t, 1, cosine, 1e-6)
	require.InDelta(t, faces[0].Quality.Score, faces[1].Quality.Score, 1e-6)
}

// TestConvertedInQdrant converts what Qdrant holds.
func TestConvertedInQdrant(t *testing.T) {
	server, data := qdranttest.Start(t), t.TempDir()
	first, second := patternVersions(t)
	p := startProgram(t, data, append(withQdrant(server.Address()), "--set", "packs="+first)...)
	key := p.key
	_, err := p.do(key, http.MethodPost, "/v1/galleries", map[string]any{"name": "staff"}, nil)
	require.NoError(t, err)
	const n = 5
	for i := range n {
		p.enrol(t, key, fmt.Sprint("p", i), pattern(fmt.Sprint(i)))
	}
	p.requireFinds(t, key, "p0", pattern("0"), true)
	p.stop(t)
	p = startProgram(t, data, append(withQdrant(server.Address()), "--set", "packs="+second)...)
	p.waitReady(t)
	for i := range n {
		p.requireFinds(t, key, fmt.Sprint("p", i), pattern(fmt.Sprint(i)), true)
	}
	p.enrol(t, key, "new", pattern("new"))
	p.requireFinds(t, key, "new", pattern("new"), true)
	out, err := command(t, append([]string{"index", "verify", "--data", data}, withQdrant(server.Address())...)...)
	require.NoError(t, err, out)
	require.Contains(t, out, "0 differences")
	out, err = command(t, append([]string{"index", "status", "--data", data}, withQdrant(server.Address())...)...)
	require.NoError(t, err, out)
	require.Regexp(t, `_pattern@2 +pattern@2 +192 `, out)
	p.stop(t)
}

// TestReplicasOfTwoVersions brings replicas of one database to another version of
// the pack, one before the others: those with the version before refuse, and what
// was enrolled is converted once.
func TestReplicasOfTwoVersions(t *testing.T) {
	first, second := patternVersions(t)
	loaded := filepath.Join(filepath.Dir(first), "loaded.yaml")
	load := func(path string) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(loaded, text, 0o600))
	}
	load(first)
	f := startFleet(t, 3, "packs: ['"+loaded+"']", "embed: {workers: 1}")
	key := f.tenant(t, "acme")
	const n = 9
	for i := range n {
		_, err := f.replicas[i%3].do(key, http.MethodPost, people("subjects"), map[string]any{"id": fmt.Sprint("p", i), "photo": pattern(fmt.Sprint(i))}, nil)
		require.NoError(t, err)
	}
	search := func(r *replica, i int) (status int, err error) {
		var a searchAnswer
		status, err = r.do(key, http.MethodPost, people("search"), map[string]any{"photo": pattern(fmt.Sprint(i))}, &a)
		if err == nil && (len(a.Candidates) != 1 || a.Candidates[0].Subject != fmt.Sprint("p", i)) {
			err = fmt.Errorf("found %v", a.Candidates)
		}
		return status, err
	}
	load(second)
	f.replicas[0].kill()
	f.replicas[0].waitReady(t)
	for i := range n {
		_, err := search(f.replicas[0], i)
		require.NoError(t, err)
		status, err := search(f.replicas[1], i)
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.ErrorContains(t, err, `"code":"converting"`)
	}
	status, err := f.replicas[1].do(key, http.MethodPost, people("subjects"), map[string]any{"photo": pattern("new")}, nil)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.ErrorContains(t, err, `"code":"converting"`)
	f.replicas[1].kill()
	f.replicas[2].kill()
	for _, r := range f.replicas {
		r.waitReady(t)
		for i := range n {
			_, err := search(r, i)
			require.NoError(t, err)
		}
	}
	db, err := postgres.Open(t.Context(), postgres.Config{URL: f.url})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	spaces, err := db.Spaces(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]int{"pattern@2": n}, spaces)
	position, err := db.Position(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(2*n), position)
}
