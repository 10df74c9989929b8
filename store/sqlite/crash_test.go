package sqlite_test

import (
	"bufio"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/store"
	"oneton/store/sqlite"
	"oneton/store/storetest"
)

const (
	// crashPath names the database to the process that is killed.
	crashPath = "ONETON_TEST_CRASH_PATH"

	crashRounds   = 12
	crashWorkers  = 4
	crashFaces    = 2
	maxLife       = 150 * time.Millisecond
	deleteOneIn   = 3
	wordEnrolled  = "enrolled"
	wordDeleting  = "deleting"
	wordDeleted   = "deleted"
	wordReady     = "ready"
	crashTenant   = "tenant of crash"
	crashGallery  = "crash"
	crashMetadata = "crashed"
)

// enrolUntilKilled is the process that TestKill kills: it enrols and deletes,
// and prints what was acknowledged, one write a line. It reports false in any
// other process.
func enrolUntilKilled() bool {
	path := os.Getenv(crashPath)
	if path == "" {
		return false
	}
	s, err := sqlite.Open(context.Background(), sqlite.Config{Path: path})
	if err != nil {
		panic(err)
	}
	say(wordReady, "")
	var wg sync.WaitGroup
	for range crashWorkers {
		wg.Go(func() {
			for {
				enrolAndDelete(s)
			}
		})
	}
	wg.Wait()
	return true
}

func enrolAndDelete(s *sqlite.Store) {
	ctx, id := context.Background(), uuid.NewString()
	var faces []store.Face
	var photos []store.Photo
	for range crashFaces {
		f := storetest.NewFace(uuid.NewString())
		faces = append(faces, f)
		photos = append(photos, store.Photo{MediaType: "image/png", Bytes: []byte(strings.Repeat(string(f.ID), 500))})
	}
	sub := store.Subject{Gallery: crashGallery, ID: store.SubjectID(id), Metadata: map[string]string{crashMetadata: id}}
	if _, err := s.Enrol(ctx, sub, faces, photos, true); err != nil {
		panic(err)
	}
	say(wordEnrolled, id)
	if rand.IntN(deleteOneIn) > 0 {
		return
	}
	say(wordDeleting, id)
	if _, err := s.DeleteSubject(ctx, crashGallery, store.SubjectID(id)); err != nil {
		panic(err)
	}
	say(wordDeleted, id)
}

func say(word, id string) {
	if _, err := os.Stdout.WriteString(word + " " + id + "\n"); err != nil {
		panic(err)
	}
}

// TestKill kills a process that writes, again and again on the same file, and
// checks each time that what was acknowledged is there, whole, and that what
// was acknowledged as deleted is not.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	require.NoError(t, err)
	newGallery(t, s, crashGallery)
	require.NoError(t, s.Close())

	said, count := make(map[string]string), make(map[string]int)
	// A busy machine may get little done in a life, and has more of them.
	for round := 0; round < crashRounds || count[wordEnrolled] <= crashRounds || count[wordDeleted] == 0; round++ {
		killed(t, path, said)
		s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
		require.NoError(t, err)
		checkSurvivors(t, s, said)
		require.NoError(t, s.Close())
		clear(count)
		for _, word := range said {
			count[word]++
		}
	}
	t.Logf("acknowledged: %v", count)
}

// killed runs one life of the writing process and adds to said the last word
// on each subject.
func killed(t *testing.T, path string, said map[string]string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), crashPath+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		word, id, _ := strings.Cut(lines.Text(), " ")
		if word == wordReady {
			time.AfterFunc(time.Duration(rand.Int64N(int64(maxLife))), func() { _ = cmd.Process.Kill() })
			continue
		}
		if len(id) == len(uuid.Nil.String()) { // the last line may be cut off
			said[id] = word
		}
	}
	require.Error(t, cmd.Wait())
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	require.Equal(t, syscall.SIGKILL, status.Signal(), "the process did not end by itself")
}

func checkSurvivors(t *testing.T, s *sqlite.Store, said map[string]string) {
	t.Helper()
	ctx := t.Context()
	subs, err := s.Subjects(ctx, crashGallery, store.Page{Limit: 1 << 20})
	require.NoError(t, err)
	there := make(map[string]bool)
	for _, sub := range subs {
		there[string(sub.ID)] = true
		require.Equal(t, crashFaces, sub.Faces, "an enrolment is there as a whole")
		require.Equal(t, string(sub.ID), sub.Metadata[crashMetadata])
		faces, err := s.Faces(ctx, crashGallery, sub.ID)
		require.NoError(t, err)
		for _, f := range faces {
			photo, err := s.Photo(ctx, crashGallery, f.ID)
			require.NoError(t, err)
			require.Equal(t, strings.Repeat(string(f.ID), 500), string(photo.Bytes))
		}
	}
	for id, word := range said {
		switch word {
		case wordEnrolled:
			require.True(t, there[id], "%s was acknowledged and is lost", id)
		case wordDeleted:
			require.False(t, there[id], "%s was deleted and is back", id)
		}
	}
	storetest.RequireReplay(t, s)
}
