package clip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// ffmpeg is the program, found to run, and how it is confined.
type ffmpeg struct {
	path    string
	limits  Config
	confine confinement
	// turns bounds how many run at once.
	turns chan struct{}
}

const (
	// probeTime is how long it may take to say its version.
	probeTime = 30 * time.Second
	// killTime is how long after its end its output may still be held open.
	killTime = time.Second
	// slack is how much more than may be is read, to tell that a clip is too long.
	slack = 2 * time.Second
	// maxComplaint is how much of what it says is looked at.
	maxComplaint = 16 << 10
)

// findFFmpeg is ErrVideoOff with the reason when there is none that runs.
func findFFmpeg(cfg Config) (*ffmpeg, error) {
	name := cfg.FFmpeg
	if name == "" {
		name = "ffmpeg"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("%w: install ffmpeg (Debian: apt-get install ffmpeg), or name it in clip.ffmpeg: %s is not found", ErrVideoOff, name)
	}
	f := &ffmpeg{path: path, limits: cfg, turns: make(chan struct{}, runtime.GOMAXPROCS(0))}
	ctx, cancel := context.WithTimeout(context.Background(), probeTime)
	defer cancel()
	for _, f.confine = range confinements {
		var version bytes.Buffer
		err = f.run(ctx, nil, []string{"-nostdin", "-hide_banner", "-version"}, func(c *child) error {
			_, err := version.ReadFrom(c.output)
			return err
		})
		if err == nil && bytes.HasPrefix(version.Bytes(), []byte("ffmpeg version")) {
			return f, nil
		}
	}
	return nil, fmt.Errorf("%w: %s does not run: install ffmpeg, or name another in clip.ffmpeg", ErrVideoOff, path)
}

// decoders are those that clips of phones and browsers need.
const decoders = "h264,hevc,vp8,vp9,libvpx,libvpx-vp9,av1,libdav1d,libaom-av1,mpeg4,h263,mjpeg"

// arguments are ffmpeg's, for a file of the format behind descriptor 3: the format
// and the decoders are given, other files and hosts out of reach, and what comes
// out bounded in size, rate and number.
func (f *ffmpeg) arguments(format string) []string {
	last := f.limits.Duration + slack
	args := []string{
		"-nostdin", "-hide_banner", "-loglevel", "error", "-nostats",
		"-protocol_whitelist", "file", "-codec_whitelist", decoders,
		"-max_pixels", strconv.Itoa(f.limits.Pixels), "-threads", "1", "-f", format,
	}
	if format == "mov" {
		args = append(args, "-enable_drefs", "0", "-use_absolute_path", "0")
	}
	return append(args,
		"-i", clipPath, "-map", "0:v:0", "-an", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1",
		"-filter_threads", "1", "-vf", fmt.Sprintf("fps=%d,scale=w='min(%d,iw)':h='min(%d,ih)':force_original_aspect_ratio=decrease:"+
			"force_divisible_by=2:flags=area:out_range=full,format=yuvj420p", Rate, Side, Side),
		"-t", strconv.FormatFloat(last.Seconds(), 'f', 3, 64), "-f", "yuv4mpegpipe", "-strict", "-1", "pipe:1")
}

// read hands on the pictures of a video of the format.
func (f *ffmpeg) read(ctx context.Context, data []byte, format string, m *meter) error {
	select {
	case f.turns <- struct{}{}:
		defer func() { <-f.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	in, err := inMemory(data)
	if err != nil {
		return fmt.Errorf("lay the clip before ffmpeg: %w", err)
	}
	defer in.Close()
	var failed error
	err = f.run(ctx, in, f.arguments(format), func(c *child) error {
		failed = readY4M(c.output, m)
		return failed
	})
	var exit *exec.ExitError
	switch {
	case failed != nil && !errors.Is(failed, errStream):
		return failed
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &exit) && exit.ExitCode() < 0:
		return fmt.Errorf("%w: decoding takes too much work; send a shorter or smaller one", ErrTooComplex)
	case m.frames > 0:
		return nil // what is behind a damage is left out
	case errors.As(err, &exit):
		return complaint(exit.Stderr, f.limits)
	case err != nil && !errors.Is(err, errStream):
		return err
	}
	return fmt.Errorf("%w: the video has no picture that is whole; send all of it", ErrCorrupt)
}

// complaint is what ffmpeg's words come to. They themselves go nowhere.
func complaint(words []byte, limits Config) error {
	says := func(text string) bool { return bytes.Contains(words, []byte(text)) }
	switch {
	case says("max pixel count"), says("Picture size"), says("picture size"):
		return fmt.Errorf("%w: its pictures have more than %d pixels", ErrTooLarge, limits.Pixels)
	case says("Cannot allocate memory"):
		return fmt.Errorf("%w: decoding takes more than %d MiB", ErrTooComplex, limits.Memory>>20)
	case says("matches no streams"):
		return fmt.Errorf("%w: it has no video", ErrCorrupt)
	case says("Decoder not found"), says("not on whitelist"), says("Decoder (codec"):
		return fmt.Errorf("%w: a video of a kind that is not read; send H.264, HEVC, VP8, VP9 or AV1", ErrUnsupported)
	}
	return fmt.Errorf("%w: ffmpeg finds no video in it that decodes", ErrCorrupt)
}

// child is ffmpeg as it runs.
type child struct {
	output *os.File
}

// shell sets the limits that hold from the program's first instruction on, and
// becomes it: no core file, no file written, so much processor time and memory,
// few open files.
const shell = `ulimit -c 0 && ulimit -f 0 && ulimit -t "$1" && ulimit -v "$2" && ulimit -n 32 && shift 2 && exec "$@"`

// run runs ffmpeg confined, with the file as its descriptor 3, and lets use have
// its output. When use returns or the context ends, it is killed if it still runs.
// The error is use's, or else that of the end, an *exec.ExitError with what it
// said.
func (f *ffmpeg) run(ctx context.Context, in *os.File, args []string, use func(*child) error) error {
	folder, remove := emptyFolder()
	defer remove()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	seconds := strconv.Itoa(int(max(1, f.limits.Time/time.Second)))
	kibibytes := strconv.Itoa(f.limits.Memory >> 10)
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", shell, "sh", seconds, kibibytes, f.path}, args...)...)
	cmd.Dir, cmd.Env = folder, []string{}
	cmd.WaitDelay = killTime
	if in != nil {
		cmd.ExtraFiles = []*os.File{in}
	}
	f.confine(cmd)
	var said limitedBuffer
	cmd.Stderr = &said
	output, writer, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start ffmpeg: %w", err)
	}
	defer output.Close()
	cmd.Stdout = writer

	started, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		// The kernel kills the child when the thread that started it ends, so that
		// one is kept.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		writer.Close()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start ffmpeg: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { output.Close() })
	err = use(&child{output})
	stop()
	if err != nil {
		cancel()
	}
	end := <-ended
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](end); ok && errors.Is(err, errStream) {
			exit.Stderr = said.Bytes()
			return exit
		}
		return err
	}
	if exit, ok := errors.AsType[*exec.ExitError](end); ok {
		exit.Stderr = said.Bytes()
		return exit
	}
	if end != nil {
		return fmt.Errorf("run ffmpeg: %w", end)
	}
	return nil
}

// emptyFolder is one to run in, in which no name means a file.
func emptyFolder() (path string, remove func()) {
	path, err := os.MkdirTemp("", "oneton-clip-")
	if err != nil {
		return "/", func() {} // a machine without any place to write
	}
	_ = os.Chmod(path, 0o555)
	return path, func() { _ = os.Remove(path) }
}

// limitedBuffer keeps the first bytes that are written.
type limitedBuffer struct{ strings.Builder }

func (b *limitedBuffer) Write(p []byte) (int, error) {
	b.Builder.Write(p[:min(len(p), max(0, maxComplaint-b.Len()))])
	return len(p), nil
}

// Bytes is what was kept.
func (b *limitedBuffer) Bytes() []byte { return []byte(b.String()) }
