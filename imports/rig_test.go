package imports_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"oneton/imports"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const most = 1 << 20

// jpeg is taken for a photo; the text tells one from another.
func jpeg(text string) []byte { return append([]byte("\xff\xd8\xff"), text...) }

// put writes files below a new folder.
func put(t testing.TB, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	return folder
}

func naming(t testing.TB, from string) imports.Naming {
	t.Helper()
	n, err := imports.NewNaming(from, false)
	require.NoError(t, err)
	return n
}

func options(t testing.TB) imports.Options {
	return imports.Options{Naming: naming(t, ""), Columns: imports.DefaultColumns(), MostBytes: most}
}

// found is what a source tells of an item.
type found struct {
	Ref, Subject, Photo, Code, Message string
	Metadata                           map[string]string
}

// read is all that is in a source.
func read(t testing.TB, s imports.Source) []found {
	t.Helper()
	all, err := readAll(t, s)
	require.NoError(t, err)
	return all
}

func readAll(t testing.TB, s imports.Source) (all []found, err error) {
	t.Helper()
	var parts int64
	for item, err := range s.Items(t.Context()) {
		if err != nil {
			return all, err
		}
		f := found{Ref: item.Ref, Subject: string(item.Subject), Metadata: item.Metadata}
		refused := item.Refused
		if refused == nil {
			content, err := item.Photo()
			if err != nil {
				require.ErrorAs(t, err, &refused, "an item's error is its refusal")
			} else {
				f.Photo = string(content[min(3, len(content)):])
			}
		}
		if refused != nil {
			require.NotEmpty(t, refused.Code)
			require.NotEmpty(t, refused.Message)
			require.NotEmpty(t, refused.Advice, refused.Message)
			f.Code, f.Message = refused.Code, refused.Message
		}
		require.Positive(t, item.Part)
		parts += item.Part
		all = append(all, f)
	}
	if size, known := s.Size(); known {
		require.LessOrEqual(t, parts, size)
	}
	slices.SortFunc(all, func(a, b found) int { return slices.Compare([]string{a.Ref}, []string{b.Ref}) })
	return all, nil
}

// opened is a source that is closed with the test.
func opened(t testing.TB, path string, o imports.Options) imports.Source {
	t.Helper()
	s, err := imports.Open(path, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// codes are the refusals' by where they are.
func codes(all []found) map[string]string {
	m := make(map[string]string)
	for _, f := range all {
		m[f.Ref] = f.Code
	}
	return m
}

// memory enrols into memory, as a server does: a photo once for a subject, whose
// metadata are those that came first.
type memory struct {
	mu       sync.Mutex
	faces    map[string]int
	metadata map[string]string
	refuse   func(imports.Item) error
	calls    int
	busy     int
	most     int
	pause    func()
}

func newMemory() *memory {
	return &memory{faces: make(map[string]int), metadata: make(map[string]string)}
}

func (m *memory) Enrol(_ context.Context, item imports.Item, content []byte) (imports.Outcome, error) {
	m.mu.Lock()
	m.calls++
	m.busy++
	m.most = max(m.most, m.busy)
	m.mu.Unlock()
	if m.pause != nil {
		m.pause()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.busy--
	if m.refuse != nil {
		if err := m.refuse(item); err != nil {
			return "", err
		}
	}
	subject := string(item.Subject)
	if _, there := m.metadata[subject]; !there {
		text, err := json.Marshal(item.Metadata)
		if err != nil {
			return "", err
		}
		m.metadata[subject] = string(text)
	}
	key := fmt.Sprintf("%s/%s", subject, content)
	m.faces[key]++
	if m.faces[key] > 1 {
		m.faces[key] = 1
		return imports.Present, nil
	}
	return imports.Added, nil
}

// gallery is what is enrolled, as a text.
func (m *memory) gallery() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return fmt.Sprint(slices.Sorted(maps.Keys(m.faces)), m.metadata)
}

var errGone = errors.New("server is gone")
