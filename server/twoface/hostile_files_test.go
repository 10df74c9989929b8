package twoface_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/document/documenttest"
)

// hostileFiles name another file and a host, in every language that readers of photos,
// documents and clips have been led astray by, or are large within.
func hostileFiles(t *testing.T, secret, host string) map[string][]byte {
	t.Helper()
	var flat bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&flat, image.NewGray(image.Rect(0, 0, 7000, 7000))))
	// Bars from end to end, as narrow as they can be.
	bars := documenttest.CedulaBack(slices.Repeat([]int{1}, 1001), 1)
	dot := image.NewGray(image.Rect(0, 0, 32, 32))
	return map[string][]byte{
		"a playlist of a file":   []byte("#EXTM3U\n#EXTINF:10,\nfile://" + secret + "\n#EXT-X-ENDLIST\n"),
		"a playlist of a host":   []byte("#EXTM3U\n#EXTINF:10,\n" + host + "/clip.ts\n#EXT-X-ENDLIST\n"),
		"a list of files":        []byte("ffconcat version 1.0\nfile " + secret + "\n"),
		"a session":              []byte("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"),
		"an SVG of a file":       []byte(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="file://` + secret + `"/></svg>`),
		"an SVG of a host":       []byte(`<svg xmlns="http://www.w3.org/2000/svg"><image href="` + host + `/photo.jpg"/></svg>`),
		"an entity":              []byte(`<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file://` + secret + `">]><svg>&e;</svg>`),
		"a PDF of a file":        []byte("%PDF-1.7\n1 0 obj << /Type /Filespec /F (" + secret + ") >> endobj\n"),
		"PostScript":             []byte("%!PS\n(" + secret + ") (r) file\n"),
		"a script of pictures":   []byte("push graphic-context\nviewbox 0 0 640 480\nimage over 0,0 0,0 'ephemeral:" + secret + "'\npop graphic-context\n"),
		"a photo that goes on":   append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"), bytes.Repeat([]byte("\xff"), 4<<20)...),
		"49 million pixels":      flat.Bytes(),
		"nothing but bars":       documenttest.Shoot(bars, documenttest.Scene{Width: 1632}).JPEG,
		"no pixel":               []byte("BM\x36\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x18\x00" + strings.Repeat("\x00", 24)),
		"10,000 pictures":        animated(t, 1, slices.Repeat([]image.Image{dot}, 10_000)...),
		"an MP4 of half a box":   []byte("\x7f\xff\xff\xff\x66\x74\x79\x70isom\x00\x00\x02\x00isommp41"),
		"a WebM without an end":  append([]byte("\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff"), make([]byte, 1<<20)...),
		"an AVI of 4 gigabytes":  []byte("RIFF\xff\xff\xff\xffAVI LIST\xff\xff\xff\xffhdrlavih\xff\xff\xff\xff"),
		"a GIF of no size":       []byte("GIF89a\x00\x00\x00\x00\x00\x00\x00,\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00;"),
		"a name that is a pipe":  []byte("|id > " + secret),
		"a photo of a zip's end": []byte("PK\x05\x06" + strings.Repeat("\x00", 18)),
	}
}

// Hostile files are answered in bounded time, whatever they are sent as, and neither the
// file nor the host that they name is touched.
func TestHostileFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it computes, and shares nothing but what other calls share")
	}
	tracer, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	if scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); err == nil && os.Geteuid() != 0 && scope[0] != '0' {
		t.Skip("this system lets nobody but root trace what runs already")
	}
	_, r := realModels(t, nil)
	c := r.backend(t, "acme")
	var called atomic.Int32
	host := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called.Add(1) }))
	t.Cleanup(host.Close)
	secret, log := filepath.Join(t.TempDir(), "secret-of-the-house"), filepath.Join(t.TempDir(), "trace")
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o644))
	files := hostileFiles(t, secret, host.URL)

	trace := exec.Command(tracer, "-f", "-s", "512", "-o", log, "-e", "trace=openat,open,creat,execve", "-p", fmt.Sprint(os.Getpid()))
	require.NoError(t, trace.Start())
	traced := func() string { text, _ := os.ReadFile(log); return string(text) }
	mark := filepath.Join(t.TempDir(), "mark")
	require.Eventually(t, func() bool {
		_, _ = os.Open(mark) // there is none: the tracer sees that it is looked for
		return strings.Contains(traced(), mark)
	}, waits, 50*time.Millisecond)

	for name, content := range files {
		for _, call := range []struct {
			path   string
			fields m
		}{
			{"/faces/detect", m{"file": content}},
			{"/faces/check-blink", m{"clip": content}},
			{"/documents/validate-document-type", m{"file": content, "documentType": "CEDULA"}},
		} {
			began := time.Now()
			a := c.open(t, "SIGNUP").files(t, call.path, call.fields)
			require.Less(t, time.Since(began), time.Minute, "%s to %s", name, call.path)
			require.NotEqual(t, http.StatusInternalServerError, a.Status, "%s to %s: %s", name, call.path, a.Body)
			if a.Status == http.StatusOK {
				require.Contains(t, []string{`{"code":200,"result":0}`, `{"code":200,"result":false}`}, string(a.Body), "%s to %s", name, call.path)
			}
		}
	}
	require.NoError(t, trace.Process.Signal(os.Interrupt))
	_ = trace.Wait() // it ends by the signal
	require.Zero(t, called.Load())
	for line := range strings.Lines(traced()) {
		require.NotContains(t, line, secret)
		require.NotContains(t, line, "secret-of-the-house")
	}
}
