package pack_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/calibration"
	"oneton/embed/embedtest"
	"oneton/embed/pack"
	"oneton/face"
)

func hash(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:])
}

// transform is what the second file holds, 500 rows of 612 values, network the
// third, two of two more, and crop the fourth, one of those of a view and two more.
var (
	transform     = strings.Repeat("\x00\x00\x80\x3f", 500*612)
	transformHash = hash(transform)
	network       = strings.Repeat("\x00\x00\x80\x3f", 2*614)
	crop          = strings.Repeat("\x00\x00\x80\x3f", pack.ViewSize+2)
)

// manifest is a valid manifest of four files.
func manifest() string {
	return fmt.Sprintf(`name: own-2.1
version: "3"
licence: none
upstream: https://example.org
files:
  - {name: detector.onnx, sha256: %s}
  - {name: recogniser.onnx, sha256: %s}
  - {name: network.onnx, sha256: %s}
  - {name: crop.onnx, sha256: %s}
detector:
  file: detector.onnx
  decoder: scrfd
  input: {colour: rgb, mean: 127.5, scale: 0.0078125}
  frame: 640
  any_size: true
  strides: [8, 16, 32]
  anchors: 2
  score: 0.5
  nms: 0.4
aligner:
  file: detector.onnx
  input: {colour: bgr, mean: 1, scale: 2}
  side: 64
  window: 84.5
  centre: {x: 55.5, y: 67.5}
  steps: 2
  score: 0.25
  doubtful: 0.3
  sure: 0.875
enhancement: {contrast: 25.5, balance: 0.125, noise: 0.25}
recognisers:
  - file: recogniser.onnx
    alignment: arcface-112
    input: {colour: rgb, mean: 127.5, scale: 0.00784}
    dimension: 512
    weight: 0.6
  - file: recogniser.onnx
    alignment: arcface-112
    input: {colour: bgr, mean: 0, scale: 1}
    dimension: 512
    weight: 0.4
    projection: {file: detector.onnx, dimension: 100}
quality: {centre: 9, slope: 10, nuisance: {file: recogniser.onnx, dimension: 500, power: 4}, network: {file: network.onnx, hidden: 2, power: 2}, crop: {file: crop.onnx, hidden: 1, power: 3}, most: 1.5}
transform: {file: recogniser.onnx, dimension: 500}
trust:
  floor: 0.3
  doubt: [{quality: 0.1, doubt: 0.9}, {quality: 0.3, doubt: 0.6}, {quality: 0.8, doubt: 0}]
converts: [{version: "1", quality: {centre: 8, slope: 3}}, {version: "2"}]
liveness:
  model: {name: live.onnx, sha256: %s}
  input: {colour: bgr, mean: 0, scale: 1}
  side: 80
  crop: 4
  classes: 3
  live: 1
  real: 0.8
  spoof: 0.2
  min_face: 80
calibration:
  source: none
  measured: 0.01
  knots: [{cosine: -1, fmr: 1}, {cosine: 0.5, fmr: 0.001}]
`, hash("detector"), transformHash, hash(network), hash(crop), hash("live"))
}

// folder is a folder with the manifest's files.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string]string{"detector": "detector", "recogniser": transform, "network": network, "crop": crop} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".onnx"), []byte(data), 0o600))
	}
	return dir
}

func TestParseReadsManifest(t *testing.T) {
	m, err := pack.Parse([]byte(manifest()))
	require.NoError(t, err)
	require.Equal(t, "own-2.1", m.Name)
	require.Equal(t, pack.SCRFD, m.Detector.Decoder)
	require.Equal(t, 32, m.Detector.MaxStride())
	require.Equal(t, pack.Input{Colour: pack.RGB, Mean: 127.5, Scale: 0.0078125}, m.Detector.Input)
	require.Equal(t, &pack.Aligner{
		File: "detector.onnx", Input: pack.Input{Colour: pack.BGR, Mean: 1, Scale: 2}, Side: 64, Window: 84.5,
		Centre: face.Point{X: 55.5, Y: 67.5}, Steps: 2, Score: 0.25, Doubtful: 0.3, Sure: 0.875,
	}, m.Aligner)
	require.Equal(t, &pack.Enhancement{Contrast: 25.5, Balance: 0.125, Noise: 0.25}, m.Enhancement)
	require.Equal(t, 512, m.Recognisers[0].TemplateDimension())
	require.Equal(t, 100, m.Recognisers[1].TemplateDimension())
	require.Equal(t, 501, m.TemplateDimension())
	require.Equal(t, &pack.Projection{File: "recogniser.onnx", Dimension: 500}, m.Transform)
	require.Equal(t, &calibration.Trust{Floor: 0.3, Doubt: []calibration.Doubt{
		{Quality: 0.1, Doubt: 0.9}, {Quality: 0.3, Doubt: 0.6}, {Quality: 0.8, Doubt: 0},
	}}, m.Trust)
	require.Equal(t, []pack.Earlier{{Version: "1", Quality: &pack.Quality{Centre: 8, Slope: 3}}, {Version: "2"}}, m.Converts)
	require.Equal(t, &pack.Quality{
		Centre: 9, Slope: 10, Nuisance: &pack.Nuisance{File: "recogniser.onnx", Dimension: 500, Power: 4},
		Network: &pack.Network{File: "network.onnx", Hidden: 2, Power: 2},
		Crop:    &pack.Network{File: "crop.onnx", Hidden: 1, Power: 3},
		Most:    1.5,
	}, m.Quality)
	require.InDelta(t, 0.001, m.Calibration.FMR(0.5), 1e-9)
	require.Equal(t, &pack.Liveness{
		Model: pack.File{Name: "live.onnx", SHA256: hash("live")}, Input: pack.Input{Colour: pack.BGR, Scale: 1},
		Side: 80, Crop: 4, Classes: 3, Live: 1, Real: 0.8, Spoof: 0.2, MinFace: 80,
	}, m.Liveness)
}

func TestParseRefuses(t *testing.T) {
	// Each case replaces a part of the valid manifest; the error must name the
	// field.
	cases := map[string]struct{ from, to, field string }{
		"unknown key":            {"version:", "colour: red\nversion:", "colour"},
		"repeated key":           {"version:", "name: other\nversion:", "name"},
		"wrong type":             {"frame: 640", "frame: wide", "wide"},
		"second document":        {"calibration:", "---\ncalibration:", ""},
		"no name":                {"name: own-2.1", "name: ''", "name"},
		"upper-case name":        {"name: own-2.1", "name: Own", "name"},
		"path as a name":         {"name: own-2.1", "name: ../own", "name"},
		"no version":             {`version: "3"`, `version: ""`, "version"},
		"no licence":             {"licence: none", "licence: ''", "licence"},
		"file in parent":         {"{name: detector.onnx", "{name: ../detector.onnx", "files[0].name"},
		"absolute file":          {"{name: detector.onnx", "{name: /etc/passwd", "files[0].name"},
		"file in folder":         {"{name: detector.onnx", "{name: models/detector.onnx", "files[0].name"},
		"file in backslashes":    {"{name: detector.onnx", `{name: "..\\detector.onnx"`, "files[0].name"},
		"file is the folder":     {"{name: detector.onnx", "{name: .", "files[0].name"},
		"file twice":             {"{name: recogniser.onnx", "{name: detector.onnx", "files[1].name"},
		"short hash":             {hash("detector"), hash("detector")[2:], "files[0].sha256"},
		"no hash":                {hash("detector"), strings.Repeat("z", 64), "files[0].sha256"},
		"detector not listed":    {"file: detector.onnx\n  decoder", "file: other.onnx\n  decoder", "detector.file"},
		"unknown decoder":        {"decoder: scrfd", "decoder: retina", "detector.decoder"},
		"yunet with two anchors": {"decoder: scrfd", "decoder: yunet", "detector.anchors"},
		"no strides":             {"strides: [8, 16, 32]", "strides: []", "detector.strides"},
		"falling strides":        {"strides: [8, 16, 32]", "strides: [16, 8, 32]", "detector.strides"},
		"zero stride":            {"strides: [8, 16, 32]", "strides: [0, 16, 32]", "detector.strides"},
		"odd stride":             {"strides: [8, 16, 32]", "strides: [5, 16, 32]", "detector.strides"},
		"frame between strides":  {"frame: 640", "frame: 650", "detector.frame"},
		"endless frame":          {"frame: 640", "frame: 1000000", "detector.frame"},
		"no anchors":             {"anchors: 2", "anchors: 0", "detector.anchors"},
		"score of one":           {"score: 0.5", "score: 1", "detector.score"},
		"nms of nothing":         {"nms: 0.4", "nms: .nan", "detector.nms"},
		"unknown colour":         {"colour: rgb, mean: 127.5, scale: 0.0078125", "colour: grb, mean: 127.5, scale: 0.0078125", "detector.input.colour"},
		"no scale":               {"scale: 0.0078125", "scale: 0", "detector.input.scale"},
		"endless mean":           {"mean: 127.5, scale: 0.0078125", "mean: .inf, scale: 0.0078125", "detector.input.mean"},
		"aligner not listed":     {"aligner:\n  file: detector.onnx", "aligner:\n  file: other.onnx", "aligner.file"},
		"aligner colour":         {"colour: bgr, mean: 1", "colour: red, mean: 1", "aligner.input.colour"},
		"aligner side":           {"side: 64", "side: 0", "aligner.side"},
		"endless aligner side":   {"side: 64", "side: 100000", "aligner.side"},
		"no window":              {"window: 84.5", "window: 0", "aligner.window"},
		"window of no number":    {"window: 84.5", "window: .nan", "aligner.window"},
		"endless window":         {"window: 84.5", "window: .inf", "aligner.window"},
		"centre of no number":    {"centre: {x: 55.5, y: 67.5}", "centre: {x: 55.5, y: .nan}", "aligner.centre"},
		"centre outside":         {"centre: {x: 55.5, y: 67.5}", "centre: {x: -1, y: 67.5}", "aligner.centre"},
		"centre of one number":   {"centre: {x: 55.5, y: 67.5}", "centre: {x: 55.5}", "centre"},
		"no steps":               {"steps: 2", "steps: 0", "aligner.steps"},
		"endless steps":          {"steps: 2", "steps: 1000", "aligner.steps"},
		"aligner score":          {"score: 0.25", "score: 0", "aligner.score"},
		"aligner score of one":   {"score: 0.25", "score: 1", "aligner.score"},
		"no doubt":               {"doubtful: 0.3", "doubtful: 0", "aligner.doubtful"},
		"doubt of all":           {"doubtful: 0.3", "doubtful: 0.51", "aligner.doubtful"},
		"sure below the score":   {"sure: 0.875", "sure: 0.4", "aligner.sure"},
		"sure above one":         {"sure: 0.875", "sure: 1.5", "aligner.sure"},
		"unknown key of aligner": {"steps: 2", "steps: 2\n  strides: 3", "strides"},
		"recogniser not listed":  {"file: recogniser.onnx\n", "file: other.onnx\n", "recognisers[0].file"},
		"unknown alignment":      {"alignment: arcface-112", "alignment: eyes", "recognisers[0].alignment"},
		"no dimension":           {"dimension: 512", "dimension: 0", "recognisers[0].dimension"},
		"weights":                {"weight: 0.6", "weight: 0.5", "recognisers"},
		"negative weight":        {"weight: 0.6", "weight: -0.6", "recognisers[0].weight"},
		"projection not listed":  {"projection: {file: detector.onnx", "projection: {file: other.f32", "recognisers[1].projection.file"},
		"widening projection":    {"dimension: 100", "dimension: 513", "recognisers[1].projection.dimension"},
		"transform not listed":   {"transform: {file: recogniser.onnx", "transform: {file: other.f32", "transform.file"},
		"transform to nothing":   {"onnx, dimension: 500}", "onnx, dimension: 0}", "transform.dimension"},
		"widening transform":     {"onnx, dimension: 500}", "onnx, dimension: 613}", "transform.dimension"},
		"trust without quality":  {"quality: {centre: 9, slope: 10, nuisance: {file: recogniser.onnx, dimension: 500, power: 4}, network: {file: network.onnx, hidden: 2, power: 2}, crop: {file: crop.onnx, hidden: 1, power: 3}, most: 1.5}\n", "", "trust"},
		"floor below nought":     {"floor: 0.3", "floor: -0.1", "trust.floor"},
		"floor above one":        {"floor: 0.3", "floor: 1.1", "trust.floor"},
		"floor of no number":     {"floor: 0.3", "floor: .nan", "trust.floor"},
		"no curve":               {"doubt: [{quality: 0.1, doubt: 0.9}, {quality: 0.3, doubt: 0.6}, {quality: 0.8, doubt: 0}]", "doubt: []", "trust.doubt"},
		"certain doubt":          {"doubt: 0.9", "doubt: 1", "trust.doubt[0].doubt"},
		"certain trust":          {"doubt: 0}", "doubt: -1}", "trust.doubt[2].doubt"},
		"doubt of no number":     {"doubt: 0}", "doubt: .nan}", "trust.doubt[2].doubt"},
		"rising doubt":           {"doubt: 0.6", "doubt: 0.95", "trust.doubt[1].doubt"},
		"falling quality":        {"quality: 0.8", "quality: 0.3", "trust.doubt[2].quality"},
		"quality above one":      {"quality: 0.8", "quality: 1.1", "trust.doubt[2].quality"},
		"quality of no number":   {"quality: 0.8", "quality: .nan", "trust.doubt[2].quality"},
		"unknown key of trust":   {"floor: 0.3", "floor: 0.3\n  ceiling: 1", "ceiling"},
		"no contrast":            {"contrast: 25.5", "contrast: 0", "enhancement.contrast"},
		"contrast of no crop":    {"contrast: 25.5", "contrast: 128", "enhancement.contrast"},
		"contrast of no number":  {"contrast: 25.5", "contrast: .nan", "enhancement.contrast"},
		"balance below nought":   {"balance: 0.125", "balance: -1", "enhancement.balance"},
		"balance beyond all":     {"balance: 0.125", "balance: 1.5", "enhancement.balance"},
		"balance of no number":   {"balance: 0.125", "balance: .nan", "enhancement.balance"},
		"no noise is bearable":   {"noise: 0.25", "noise: 0", "enhancement.noise"},
		"any noise is bearable":  {"noise: 0.25", "noise: .inf", "enhancement.noise"},
		"no slope":               {"slope: 10", "slope: 0", "quality"},
		"nothing counts":         {"most: 1.5", "most: -1", "quality.most"},
		"no bound":               {"most: 1.5", "most: .inf", "quality.most"},
		"bound of no number":     {"most: 1.5", "most: .nan", "quality.most"},
		"nuisance not listed":    {"nuisance: {file: recogniser.onnx", "nuisance: {file: other.f32", "quality.nuisance.file"},
		"no nuisance":            {"dimension: 500, power", "dimension: 0, power", "quality.nuisance.dimension"},
		"more nuisance than all": {"dimension: 500, power", "dimension: 613, power", "quality.nuisance.dimension"},
		"no power":               {"power: 4", "power: 0", "quality.nuisance.power"},
		"half a power":           {"power: 4", "power: 0.5", "quality.nuisance.power"},
		"converts itself":        {`version: "1"`, `version: "3"`, "converts[0].version"},
		"converts nothing":       {`version: "1"`, `version: ""`, "converts[0].version"},
		"converts twice":         {`version: "1"`, `version: "2"`, "converts[1].version"},
		"no earlier slope":       {"slope: 3", "slope: -3", "converts[0].quality"},
		"earlier nuisance":       {"slope: 3", "slope: 3, nuisance: {file: other.f32, dimension: 5, power: 4}", "converts[0].quality.nuisance.file"},
		"network not listed":     {"network: {file: network.onnx", "network: {file: other.f32", "quality.network.file"},
		"no network":             {"hidden: 2", "hidden: 0", "quality.network.hidden"},
		"endless network":        {"hidden: 2", "hidden: 1025", "quality.network.hidden"},
		"no power of network":    {"power: 2", "power: 0", "quality.network.power"},
		"crop not listed":        {"crop: {file: crop.onnx", "crop: {file: other.f32", "quality.crop.file"},
		"no units of crop":       {"hidden: 1", "hidden: 0", "quality.crop.hidden"},
		"no power of crop":       {"power: 3", "power: 101", "quality.crop.power"},
		"transformed, restored":  {`{version: "2"`, `{version: "2", transformed: true, restore: {file: detector.onnx, dimension: 100}`, "converts[1].transformed"},
		"restores from nothing":  {`{version: "2"`, `{version: "2", restore: {file: other.f32, dimension: 100}`, "converts[1].restore.file"},
		"restores from more":     {`{version: "2"`, `{version: "2", restore: {file: detector.onnx, dimension: 613}`, "converts[1].restore.dimension"},
		"liveness in parent":     {"{name: live.onnx", "{name: ../live.onnx", "liveness.model.name"},
		"liveness hash":          {hash("live"), "12", "liveness.model.sha256"},
		"liveness side":          {"side: 80", "side: 0", "liveness.side"},
		"liveness crop":          {"crop: 4", "crop: 0.5", "liveness.crop"},
		"liveness of one class":  {"classes: 3", "classes: 1", "liveness.classes"},
		"liveness class":         {"live: 1", "live: 3", "liveness.live"},
		"certainly real":         {"real: 0.8", "real: 1.1", "liveness.real"},
		"spoof above real":       {"spoof: 0.2", "spoof: 0.9", "liveness.spoof"},
		"liveness of any face":   {"min_face: 80", "min_face: 0", "liveness.min_face"},
		"liveness input":         {"colour: bgr, mean: 0, scale: 1}\n  side", "colour: bgr, mean: 0, scale: 0}\n  side", "liveness.input.scale"},
		"calibration":            {"{cosine: 0.5, fmr: 0.001}", "{cosine: 0.5, fmr: 1.1}", "calibration"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			broken := strings.Replace(manifest(), c.from, c.to, 1)
			require.NotEqual(t, manifest(), broken)
			m, err := pack.Parse([]byte(broken))
			require.ErrorIs(t, err, pack.ErrManifest)
			require.ErrorContains(t, err, c.field)
			require.Nil(t, m)
		})
	}
	for name, data := range map[string]string{"nothing": "", "a word": "word", "no YAML": "\t{", "half": manifest()[:500]} {
		t.Run(name, func(t *testing.T) {
			_, err := pack.Parse([]byte(data))
			require.ErrorIs(t, err, pack.ErrManifest)
		})
	}
}

func TestOpenReadsFilesBesideManifest(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "own.yaml")
	require.NoError(t, os.WriteFile(path, []byte(manifest()), 0o600))
	p, err := pack.Open(path, "/nowhere")
	require.NoError(t, err)
	require.Equal(t, []byte("detector"), p.Content("detector.onnx"))
	require.Nil(t, p.Content("other.onnx"))
	require.False(t, p.JudgesLiveness(), "its model may be missing")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "live.onnx"), []byte("live"), 0o600))
	p, err = pack.Open(path, "/nowhere")
	require.NoError(t, err)
	require.True(t, p.JudgesLiveness())
	require.Equal(t, []byte("live"), p.Content("live.onnx"))
}

// An owner who fits a pack's matrices anew may leave them their names.
func TestOwnersFilesMayHaveNamesOfTheProgramsOwn(t *testing.T) {
	dir := folder(t)
	const taken = "default_transform.f32"
	require.NoError(t, os.Rename(filepath.Join(dir, "recogniser.onnx"), filepath.Join(dir, taken)))
	path := filepath.Join(dir, "own.yaml")
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(manifest(), "recogniser.onnx", taken)), 0o600))
	p, err := pack.Open(path, "/nowhere")
	require.NoError(t, err)
	require.Equal(t, transform, string(p.Content(taken)))
	require.NoError(t, os.Remove(filepath.Join(dir, taken)))
	_, err = pack.Open(path, "/nowhere")
	require.ErrorIs(t, err, pack.ErrMissing)
}

func TestOpenRefuses(t *testing.T) {
	dir := folder(t)
	write := func(name, data string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(data), 0o600))
		return path
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.yaml"), 0o700))
	cases := map[string]struct {
		name string
		want error
	}{
		"unknown name":    {"no-such-pack", pack.ErrUnknown},
		"path as a name":  {"../manifests/default", pack.ErrUnknown},
		"empty name":      {"", pack.ErrUnknown},
		"missing path":    {filepath.Join(dir, "missing.yaml"), pack.ErrUnknown},
		"broken manifest": {write("broken.yml", "name: own"), pack.ErrManifest},
		"missing file":    {write("missing-file.yaml", strings.ReplaceAll(manifest(), "recogniser.onnx", "absent.onnx")), pack.ErrMissing},
		"short matrix":    {write("short.yaml", strings.Replace(manifest(), "onnx, dimension: 500}", "onnx, dimension: 499}", 1)), pack.ErrManifest},
		"wrong hash":      {write("wrong.yaml", strings.Replace(manifest(), transformHash, hash("other"), 1)), pack.ErrHash},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := pack.Open(c.name, dir)
			require.ErrorIs(t, err, c.want)
			require.Nil(t, p)
		})
	}
	t.Run("folder", func(t *testing.T) {
		_, err := pack.Open(filepath.Join(dir, "folder.yaml"), dir)
		require.Error(t, err)
	})
	t.Run("names what is wrong", func(t *testing.T) {
		_, err := pack.Open(filepath.Join(dir, "wrong.yaml"), dir)
		require.ErrorContains(t, err, "recogniser.onnx")
		require.ErrorContains(t, err, transformHash)
		require.ErrorContains(t, err, hash("other"))
	})
}

func TestBuiltinPacks(t *testing.T) {
	for name, dimension := range map[string]int{"default": 128, "accurate": 320} {
		t.Run(name, func(t *testing.T) {
			m, err := pack.Builtin(name)
			require.NoError(t, err)
			require.Equal(t, name, m.Name)
			require.Equal(t, dimension, m.TemplateDimension())
		})
	}
	p := embedtest.Pack(t, "default")
	for _, f := range p.Files {
		require.NotEmpty(t, p.Content(f.Name))
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(manifest()))
	f.Add([]byte("name: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := pack.Parse(data)
		if err != nil {
			require.ErrorIs(t, err, pack.ErrManifest)
			return
		}
		for _, file := range m.Files {
			require.Equal(t, file.Name, filepath.Base(file.Name))
		}
		require.Positive(t, m.TemplateDimension())
	})
}
