package pack

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// manifests holds the built-in packs' manifests, and the small files of theirs
// that no package has.
//
//go:embed manifests/*.yaml manifests/*.f32 manifests/*.onnx
var manifests embed.FS

// Pack is a manifest with the contents of its files, each of which has the
// SHA-256 that the manifest names.
type Pack struct {
	Manifest
	contents map[string][]byte
	// transform is nil when the manifest has none.
	transform Matrix
	grading   grading
	earlier   []earlier
}

// Open loads a pack by the name of a built-in manifest, whose files are in the
// folder models, or by the path of a manifest, whose files lie beside it. A
// path ends in .yaml or .yml.
func Open(nameOrPath, models string) (*Pack, error) {
	m, err := Read(nameOrPath)
	if err != nil {
		return nil, err
	}
	if isPath(nameOrPath) {
		models = filepath.Dir(nameOrPath)
	}
	return Load(m, models)
}

// Read is the manifest of the pack that Open loads.
func Read(nameOrPath string) (*Manifest, error) {
	if !isPath(nameOrPath) {
		return Builtin(nameOrPath)
	}
	data, err := os.ReadFile(nameOrPath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrUnknown, nameOrPath)
	}
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	m, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", nameOrPath, err)
	}
	return m, nil
}

func isPath(name string) bool {
	ext := filepath.Ext(name)
	return ext == ".yaml" || ext == ".yml"
}

// Builtins are the names of the packs that the program knows.
func Builtins() []string {
	var names []string
	entries, _ := manifests.ReadDir("manifests") // which is in the program
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".yaml"); ok {
			names = append(names, name)
		}
	}
	return names
}

// Look tells of each of a manifest's files whether it is what the manifest names: nil,
// or ErrMissing or ErrHash. Files are looked for as Load does.
func Look(m *Manifest, folder string) map[string]error {
	state := make(map[string]error, len(m.Files))
	for _, f := range m.Files {
		data, err := manifests.ReadFile("manifests/" + f.Name)
		if err != nil || verify(f.Name, data, f.SHA256) != nil {
			_, err = readVerified(filepath.Join(folder, f.Name), f.SHA256)
		}
		state[f.Name] = err
	}
	return state
}

// Builtin is the manifest of a pack that the program knows by name.
func Builtin(name string) (*Manifest, error) {
	data, err := manifests.ReadFile("manifests/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknown, name)
	}
	return Parse(data)
}

// Load reads the manifest's files from the program when it holds them, and else
// from the folder. It is ErrMissing or ErrHash for the first file that is not what
// the manifest names, and ErrManifest when a matrix does not fit; only the
// liveness model may be missing.
func Load(m *Manifest, folder string) (*Pack, error) {
	p := &Pack{Manifest: *m, contents: make(map[string][]byte, len(m.Files))}
	for _, f := range m.Files {
		data, err := manifests.ReadFile("manifests/" + f.Name)
		if err != nil || verify(f.Name, data, f.SHA256) != nil { // an owner's may have the name of one in the program
			data, err = readVerified(filepath.Join(folder, f.Name), f.SHA256)
		}
		if err != nil {
			return nil, fmt.Errorf("load pack %q: %w", m.Name, err)
		}
		p.contents[f.Name] = data
	}
	if err := p.readMatrices(); err != nil {
		return nil, fmt.Errorf("load pack %q: %w", m.Name, err)
	}
	if l := m.Liveness; l != nil {
		data, err := readVerified(filepath.Join(folder, l.Model.Name), l.Model.SHA256)
		switch {
		case err == nil:
			p.contents[l.Model.Name] = data
		case !errors.Is(err, ErrMissing):
			return nil, fmt.Errorf("load pack %q: %w", m.Name, err)
		}
	}
	return p, nil
}

func (p *Pack) readMatrices() (err error) {
	if t := p.Transform; t != nil {
		if p.transform, err = p.Matrix(t.File, t.Dimension, p.joinedDimension()); err != nil {
			return err
		}
	}
	if p.grading, err = p.readGrading(p.Quality); err != nil {
		return err
	}
	return p.readEarlier()
}

// JudgesLiveness says whether the pack has a liveness model that is installed.
func (p *Pack) JudgesLiveness() bool {
	return p.Liveness != nil && p.contents[p.Liveness.Model.Name] != nil
}

func readVerified(path, want string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrMissing, path)
	}
	if err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	return data, verify(path, data, want)
}

func verify(path string, data []byte, want string) error {
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); !strings.EqualFold(got, want) {
		return fmt.Errorf("%w: %s has %s, want %s", ErrHash, path, got, want)
	}
	return nil
}

// Content is a file of the pack, as verified; nil when it is not listed. It
// must not be changed.
func (p *Pack) Content(name string) []byte { return p.contents[name] }
