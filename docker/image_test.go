package docker_test

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// rights are what the compositions give a server, and no more.
var rights = []string{"--read-only", "--tmpfs", "/tmp:mode=1777,size=64m", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true"}

// serve starts a server on the volume, and waits until the engine calls it
// healthy.
func (e engine) serve(image, volume string) (container, base string) {
	e.t.Helper()
	container = e.name("container")
	args := append([]string{"run", "--detach", "--name", container, "--publish", "127.0.0.1:0:8080", "--volume", volume + ":/data"}, rights...)
	e.do(append(args, image)...)
	require.Eventually(e.t, func() bool {
		return e.do("inspect", "--format", "{{.State.Health.Status}}", container) == "healthy"
	}, time.Minute, 200*time.Millisecond, "%s", e.do("logs", container))
	return container, "http://" + e.do("port", container, "8080/tcp")
}

// The image starts with few rights as nobody in particular, is healthy, finds a
// face, and has what it was told after its container is gone, and under another
// image.
func TestImageServes(t *testing.T) {
	e := docker(t)
	e.images()
	volume := e.name("volume")
	container, base := e.serve("oneton:"+tag, volume)
	for _, line := range strings.Split(e.do("top", container, "-eo", "pid,uid,gid"), "\n")[1:] {
		require.Equal(t, []string{"65532", "65532"}, strings.Fields(line)[1:])
	}
	client := api{t: t, base: base, key: firstKey(t, e.do("logs", container))}
	client.enrolled()
	client.mustFind()
	e.do("rm", "--force", container)

	for _, image := range []string{"oneton:" + tag, "oneton:" + other} {
		container, client.base = e.serve(image, volume)
		client.mustFind()
		require.NotContains(t, e.do("logs", container), "ot_", "a second start makes no key")
		client.must(http.StatusConflict, http.MethodPost, "/v1/galleries/people/subjects?id=obama", "image/jpeg", photo(t, "obama.jpg"))
		e.do("stop", container)
		require.Equal(t, "0", e.do("inspect", "--format", "{{.State.ExitCode}}", container), "it stops when it is told to")
	}
}

// What the image is made of is told in it, and it is small: beside the program, the
// libraries that it loads and its models there is nothing to run.
func TestImageIsSmallAndTold(t *testing.T) {
	e := docker(t)
	e.images()
	container := e.name("container")
	e.do("create", "--name", container, "oneton:"+tag)
	export := e.command("export", container)
	out, err := export.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, export.Start())
	var whole counter
	zip := gzip.NewWriter(&whole)
	files, programs := map[string][]byte{}, []string{}
	library := regexp.MustCompile(`\.so(\.[0-9.]+)?$`)
	for members := tar.NewReader(io.TeeReader(out, zip)); ; {
		m, err := members.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		require.False(t, m.Typeflag == tar.TypeReg && m.Mode&0o6000 != 0, "%s is run as its owner", m.Name)
		if m.Typeflag == tar.TypeReg && m.Size > 0 && m.Mode&0o111 != 0 && !library.MatchString(m.Name) {
			programs = append(programs, m.Name)
		}
		if strings.HasPrefix(m.Name, "usr/share/sbom/") || strings.HasPrefix(m.Name, "cache/") || strings.HasPrefix(m.Name, "var/lib/dpkg/") || strings.HasPrefix(m.Name, "etc/ssl/") {
			files[m.Name], err = io.ReadAll(members)
			require.NoError(t, err)
		}
	}
	require.NoError(t, zip.Close())
	require.NoError(t, export.Wait())
	require.Equal(t, []string{"usr/local/bin/oneton"}, programs)
	require.Less(t, int(whole), 90<<20, "bytes, compressed")
	require.Regexp(t, `(?m)^oneton +`+tag+`$`, e.do("run", "--rm", "oneton:"+tag, "version"))
	require.Contains(t, string(files["etc/ssl/certs/ca-certificates.crt"]), "BEGIN CERTIFICATE", "webhooks go over TLS")
	for _, name := range []string{"base-files", "libc6", "libgcc-s1", "libstdc++6"} {
		require.Regexp(t, `(?m)^Version: `, string(files["var/lib/dpkg/status.d/"+name]), name)
	}

	type component struct {
		Name, Version string
		Hashes        []struct{ Content string }
		Components    []component
	}
	bill := func(name string) (all map[string]component) {
		var b struct{ Components []component }
		require.NoError(t, json.Unmarshal(files["usr/share/sbom/"+name], &b), name)
		all = map[string]component{}
		for _, c := range b.Components {
			all[c.Name] = c
		}
		return all
	}
	module, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	fiber := regexp.MustCompile(`(?m)^\s*(github\.com/gofiber/fiber/v2) (\S+)`).FindSubmatch(module)
	require.Equal(t, string(fiber[2]), bill("oneton.cdx.json")[string(fiber[1])].Version)
	told := 0
	for _, p := range bill("models.cdx.json") {
		for _, f := range p.Components {
			for _, folder := range []string{"cache/lib/", "cache/models/"} {
				if content, ok := files[folder+f.Name]; ok {
					sum := sha256.Sum256(content)
					require.Equal(t, hex.EncodeToString(sum[:]), f.Hashes[0].Content, f.Name)
					told++
				}
			}
		}
	}
	held := 0
	for name, content := range files {
		if strings.HasPrefix(name, "cache/") && len(content) > 0 {
			held++
		}
	}
	require.Equal(t, held, told, "all models and the library are told")
}

// counter counts the bytes that are written to it.
type counter int

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

// The image of the other processor is made here, and the program in it runs: under
// emulation it makes a tenant and a key. ONNX Runtime itself ends with a fault there, so
// no face is found; it is the library of that processor.
func TestImageOfAnotherProcessor(t *testing.T) {
	e := docker(t)
	if runtime.GOARCH != "amd64" {
		t.Skip("arm64 is this machine's own")
	}
	emulator, err := exec.LookPath("qemu-aarch64")
	if err != nil {
		t.Skip("qemu-aarch64: not on the path; apt-get install qemu-user")
	}
	image := "oneton:" + tag + "-arm64"
	e.do("build", "--file", "Dockerfile", "--platform", "linux/arm64", "--build-arg", "VERSION="+tag, "--build-arg", "REVISION=abc", "--tag", image, "..")
	require.Equal(t, "arm64 "+tag+" abc", e.do("inspect", "--format",
		`{{.Architecture}} {{index .Config.Labels "org.opencontainers.image.version"}} {{index .Config.Labels "org.opencontainers.image.revision"}}`, image))

	root := t.TempDir()
	container := e.name("container")
	e.do("create", "--platform", "linux/arm64", "--name", container, image)
	export := filepath.Join(t.TempDir(), "image.tar")
	e.do("export", "--output", export, container)
	out, err := exec.CommandContext(t.Context(), "tar", "--extract", "--file", export, "--directory", root).CombinedOutput()
	require.NoError(t, err, "%s", out)

	data := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		program := append([]string{"-L", root, filepath.Join(root, "usr", "local", "bin", "oneton")}, args...)
		c := exec.CommandContext(t.Context(), emulator, append(program, "--data", data)...)
		out, err := c.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	run("tenant", "create", "acme")
	firstKey(t, run("key", "create", "acme", "--scope", "search"))
	library, err := elf.Open(filepath.Join(root, "cache", "lib", "libonnxruntime.so"))
	require.NoError(t, err)
	defer library.Close()
	require.Equal(t, elf.EM_AARCH64, library.Machine)
}
