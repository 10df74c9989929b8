package imports_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/imports"
)

func TestFolders(t *testing.T) {
	folder := put(t, map[string]string{
		"ada/1.jpg": "\xff\xd8\xffa1", "ada/2.png": "\x89PNG\r\n\x1a\na2", "bob/b c.jpg": "\xff\xd8\xffb",
		"ada/.hidden.jpg": "\xff\xd8\xff", "ada/Thumbs.db": "x", "__MACOSX/ada/1.jpg": "\xff\xd8\xff", ".git/x.jpg": "\xff\xd8\xff",
		"ada/notes.txt": "hello", "ada/movie.mp4": "\x00\x00\x00\x20ftypisom", "ada/empty.jpg": "", "ada/large.jpg": "\xff\xd8\xff" + strings.Repeat("x", most),
		"top.jpg": "\xff\xd8\xff", "ada/2020/deep.jpg": "\xff\xd8\xff", "José García/1.jpg": "\xff\xd8\xff", "-x/1.jpg": "\xff\xd8\xff",
	})
	all := read(t, opened(t, folder, options(t)))
	require.Equal(t, map[string]string{
		"ada/1.jpg": "", "ada/2.png": "", "bob/b c.jpg": "", "ada/notes.txt": "not_a_photo", "ada/movie.mp4": "not_a_photo", "ada/empty.jpg": "empty",
		"ada/large.jpg": "image_too_large", "top.jpg": "no_subject", "ada/2020/deep.jpg": "no_subject", "José García/1.jpg": "invalid_subject", "-x/1.jpg": "invalid_subject",
	}, codes(all))
	require.Contains(t, all, found{Ref: "ada/1.jpg", Subject: "ada", Photo: "a1"})
	require.Contains(t, all, found{Ref: "bob/b c.jpg", Subject: "bob", Photo: "b"})
}

// TestHostileFolders: nothing outside is read, nothing is waited for, and the rest goes
// on.
func TestHostileFolders(t *testing.T) {
	outside := put(t, map[string]string{"secret.jpg": "\xff\xd8\xffsecret", "folder/1.jpg": "\xff\xd8\xffsecret"})
	folder := put(t, map[string]string{"ada/1.jpg": "\xff\xd8\xffa", "ada/\xff\xfe.jpg": "\xff\xd8\xff", "b\xe9\xe9/1.jpg": "\xff\xd8\xff", "ada/a\nb.jpg": "\xff\xd8\xff"})
	ada := filepath.Join(folder, "ada")
	for name, to := range map[string]string{
		"out.jpg": filepath.Join(outside, "secret.jpg"), "up.jpg": "../../" + filepath.Base(outside) + "/secret.jpg", "within.jpg": "1.jpg",
		"nowhere.jpg": "none.jpg", "loop.jpg": "loop.jpg", "self": ".", "folder": filepath.Join(outside, "folder"), "null.jpg": "/dev/zero",
	} {
		require.NoError(t, os.Symlink(to, filepath.Join(ada, name)))
	}
	require.NoError(t, os.Symlink(outside, filepath.Join(folder, "linked")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(ada, "pipe.jpg"), 0o600))
	l, err := net.Listen("unix", filepath.Join(ada, "socket.jpg"))
	require.NoError(t, err)
	defer l.Close()
	all := read(t, opened(t, folder, options(t)))
	require.Equal(t, map[string]string{
		"ada/1.jpg": "", "ada/within.jpg": "", "ada/out.jpg": "outside", "ada/up.jpg": "outside", "ada/nowhere.jpg": "missing", "ada/loop.jpg": "missing",
		"ada/self": "not_a_file", "ada/folder": "outside", "linked": "outside", "ada/null.jpg": "outside", "ada/pipe.jpg": "not_a_file", "ada/socket.jpg": "not_a_file",
		`"ada/\xff\xfe.jpg"`: "", `"b\xe9\xe9/1.jpg"`: "invalid_subject", `"ada/a\nb.jpg"`: "",
	}, codes(all))
	for _, f := range all {
		require.NotEqual(t, "secret", f.Photo)
	}
}

// TestSwappedForAPipe: what was a file when the folder was listed is looked at again.
func TestSwappedForAPipe(t *testing.T) {
	folder := put(t, map[string]string{"ada/1.jpg": "\xff\xd8\xff"})
	s := opened(t, folder, options(t))
	for item, err := range s.Items(t.Context()) {
		require.NoError(t, err)
		path := filepath.Join(folder, "ada", "1.jpg")
		require.NoError(t, os.Remove(path))
		require.NoError(t, syscall.Mkfifo(path, 0o600))
		_, err = item.Photo()
		var refused *imports.Refusal
		require.ErrorAs(t, err, &refused)
		require.Equal(t, imports.CodeNotAFile, refused.Code)
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.Symlink("/etc/passwd", path))
		_, err = item.Photo()
		require.ErrorAs(t, err, &refused)
		require.Equal(t, imports.CodeOutside, refused.Code)
	}
}

func TestUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		// Root reads everything; a folder that was removed stands for what it cannot.
		folder := put(t, map[string]string{"ada/1.jpg": "\xff\xd8\xff"})
		s := opened(t, folder, options(t))
		for item, err := range s.Items(t.Context()) {
			require.NoError(t, err)
			require.NoError(t, os.RemoveAll(filepath.Join(folder, "ada")))
			_, err = item.Photo()
			var refused *imports.Refusal
			require.ErrorAs(t, err, &refused)
			require.Equal(t, imports.CodeMissing, refused.Code)
		}
		return
	}
	folder := put(t, map[string]string{"ada/1.jpg": "\xff\xd8\xff", "bob/1.jpg": "\xff\xd8\xff"})
	require.NoError(t, os.Chmod(filepath.Join(folder, "ada", "1.jpg"), 0))
	require.NoError(t, os.Chmod(filepath.Join(folder, "bob"), 0))
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(folder, "bob"), 0o700) })
	require.Equal(t, map[string]string{"ada/1.jpg": "unreadable", "bob": "unreadable"}, codes(read(t, opened(t, folder, options(t)))))
}

func TestDeepFolders(t *testing.T) {
	folder := put(t, map[string]string{"ada/1.jpg": "\xff\xd8\xff", strings.Repeat("d/", 100) + "1.jpg": "\xff\xd8\xff"})
	all := codes(read(t, opened(t, folder, options(t))))
	require.Len(t, all, 2)
	require.Empty(t, all["ada/1.jpg"])
	for ref, code := range all {
		if ref != "ada/1.jpg" {
			require.Equal(t, imports.CodeUnreadable, code, ref)
		}
	}
}

func TestNaming(t *testing.T) {
	paths := []string{"ada/1.jpg", "a/b/c.d.jpg", "top.jpg", "id_7_front.jpg"}
	for from, want := range map[string][]string{
		"": {"ada", "!no_subject", "!no_subject", "!no_subject"}, "folder": {"ada", "!no_subject", "!no_subject", "!no_subject"},
		"first": {"ada", "a", "!no_subject", "!no_subject"}, "parent": {"ada", "b", "!no_subject", "!no_subject"},
		"file": {"1", "c.d", "top", "id_7_front"}, "/^id_(.*)_/": {"!no_subject", "!no_subject", "!no_subject", "7"},
	} {
		for i, p := range paths {
			folder := put(t, map[string]string{p: "\xff\xd8\xff"})
			o := options(t)
			o.Naming = naming(t, from)
			f := read(t, opened(t, folder, o))[0]
			got := f.Subject
			if f.Code != "" {
				got = "!" + f.Code
			}
			require.Equal(t, want[i], got, "%s of %s", from, p)
		}
	}
	for _, from := range []string{"name", "/(/", "/none/", "/"} {
		_, err := imports.NewNaming(from, false)
		require.ErrorIs(t, err, imports.ErrInvalid, from)
	}
}

func TestMadeIDs(t *testing.T) {
	n, err := imports.NewNaming("", true)
	require.NoError(t, err)
	o := options(t)
	o.Naming = n
	folder := put(t, map[string]string{"ada/1.jpg": "\xff\xd8\xff", "José García/1.jpg": "\xff\xd8\xff"})
	all := read(t, opened(t, folder, o))
	// printf 'José García' | sha256sum
	require.Equal(t, "Jose_Garcia-"+sumOf("José García")[:8], all[0].Subject)
	require.Equal(t, map[string]string{"name": "José García"}, all[0].Metadata)
	require.Equal(t, "ada", all[1].Subject)
	require.Empty(t, all[1].Metadata, "an id is as it is")
}
