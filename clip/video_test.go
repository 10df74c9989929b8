package clip_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/clip"
	"oneton/picture"
	"oneton/setup"
)

func isError(err, target error) bool { return errors.Is(err, target) }

// people is a clip of a person that set-up fetched.
func people(t testing.TB, name string) []byte {
	t.Helper()
	paths, err := setup.Find(setup.FromEnvironment(), setup.Clips)
	require.NoError(t, err, "'make setup' comes before the tests")
	data, err := os.ReadFile(filepath.Join(paths.Clips, name))
	require.NoError(t, err)
	return data
}

// reader reads clips, videos too, where ffmpeg is installed.
func reader(t testing.TB, cfg clip.Config) *clip.Reader {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
	r, err := clip.New(cfg)
	require.NoError(t, err)
	require.NoError(t, r.Video())
	return r
}

// shape is what a test looks at of a clip.
type shape struct {
	frames, width, height int
	last                  time.Duration
}

func read(t testing.TB, r *clip.Reader, data []byte) (s shape, err error) {
	t.Helper()
	last := time.Duration(-1)
	for f, err := range r.Frames(t.Context(), data) {
		if err != nil {
			return s, err
		}
		require.Greater(t, f.At, last)
		last = f.At
		s = shape{s.frames + 1, f.Picture.Width, f.Picture.Height, f.At}
	}
	return s, nil
}

// film is a video that ffmpeg makes in a file of the name.
func film(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	args = append([]string{"-nostdin", "-loglevel", "error", "-y"}, append(args, path)...)
	out, err := exec.Command("ffmpeg", args...).CombinedOutput()
	require.NoError(t, err, string(out))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

const lasting2s = "testsrc=size=320x240:rate=25:duration=2"

// What phones and browsers record is read, at its own times.
func TestVideosAreRead(t *testing.T) {
	r := reader(t, clip.Config{})
	for name, c := range map[string]struct {
		data []byte
		want shape
	}{
		"H.264 in MP4":            {people(t, "carphone.mp4"), shape{120, 176, 144, 119 * time.Second / 30}},
		"H.264 in MP4 with sound": {people(t, "single_face.mp4"), shape{72, 640, 360, 71 * time.Second / 30}},
		"HEVC of a phone, in MOV": {people(t, "face_noface.mov"), shape{167, 640, 360, 0}},
		"VP8 in WebM":             {film(t, "a.webm", "-f", "lavfi", "-i", lasting2s, "-c:v", "libvpx", "-deadline", "realtime"), shape{50, 320, 240, 0}},
		"VP9 in WebM":             {film(t, "a.webm", "-f", "lavfi", "-i", lasting2s, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"), shape{50, 320, 240, 0}},
		"motion JPEG in MOV":      {film(t, "a.mov", "-f", "lavfi", "-i", lasting2s, "-c:v", "mjpeg"), shape{50, 320, 240, 0}},
		"header before pictures":  {film(t, "a.mp4", "-f", "lavfi", "-i", lasting2s, "-movflags", "faststart"), shape{50, 320, 240, 0}},
		"in fragments":            {film(t, "a.mp4", "-f", "lavfi", "-i", lasting2s, "-movflags", "frag_keyframe+empty_moov"), shape{50, 320, 240, 0}},
		"1080p at 60 a second":    {film(t, "a.mp4", "-f", "lavfi", "-i", "testsrc=size=1920x1080:rate=60:duration=1", "-preset", "ultrafast"), shape{30, 640, 360, 0}},
		"10 pictures a second":    {film(t, "a.mp4", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=10:duration=2"), shape{20, 320, 240, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := read(t, r, c.data)
			require.NoError(t, err)
			require.InDelta(t, c.want.frames, s.frames, 2)
			require.Equal(t, []int{c.want.width, c.want.height}, []int{s.width, s.height})
			if c.want.last > 0 {
				require.InDelta(t, c.want.last.Seconds(), s.last.Seconds(), 0.04)
			}
		})
	}
}

// ffmpeg's own motion JPEG is read without ffmpeg.
func TestMotionJPEGOfFFmpeg(t *testing.T) {
	reader(t, clip.Config{})
	avi := film(t, "a.avi", "-f", "lavfi", "-i", lasting2s, "-c:v", "mjpeg")
	raw := film(t, "a.mjpeg", "-f", "lavfi", "-i", lasting2s)
	animated := film(t, "a.gif", "-f", "lavfi", "-i", lasting2s)
	r := withoutVideo(t, clip.Config{})
	for _, data := range [][]byte{avi, raw, animated} {
		s, err := read(t, r, data)
		require.NoError(t, err)
		require.InDelta(t, 1.96, s.last.Seconds(), 0.04)
		s.last = 0
		require.Equal(t, shape{50, 320, 240, 0}, s)
	}
}

// A clip that a phone recorded upright is upright: its rotation is in its header.
func TestVideosAreTurnedUpright(t *testing.T) {
	r := reader(t, clip.Config{})
	flat := film(t, "a.mp4", "-f", "lavfi", "-i", "color=c=red:size=320x240:rate=25:duration=1,drawbox=w=160:h=240:color=blue:t=fill", "-pix_fmt", "yuv420p")
	turned := bytes.Clone(flat)
	// The matrix (ISO/IEC 14496-12, section 8.3.2) takes x to y' and y to -x': to the
	// right becomes down.
	matrix := turned[bytes.Index(turned, []byte("tkhd"))+44:]
	for i, v := range []int32{0, 1 << 16, 0, -1 << 16, 0, 0} {
		binary.BigEndian.PutUint32(matrix[4*i:], uint32(v))
	}
	for f, err := range r.Frames(t.Context(), turned) {
		require.NoError(t, err)
		require.Equal(t, []int{240, 320}, []int{f.Picture.Width, f.Picture.Height})
		p := picture.NewRaster(1, 2)
		f.Picture.Resize(p, image.Rect(0, 0, 1, 2))
		require.Greater(t, p.B[0], p.R[0], "the left half is above when it is turned clockwise")
		require.Greater(t, p.R[1], p.B[1])
		break
	}
}

func TestVideosHaveLimits(t *testing.T) {
	long := film(t, "a.mp4", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=30")
	huge := film(t, "a.mp4", "-f", "lavfi", "-i", "color=size=4096x4096:rate=5:duration=1", "-preset", "ultrafast")
	whole := people(t, "carphone.mp4")
	for name, c := range map[string]struct {
		cfg  clip.Config
		data []byte
		want error
	}{
		"seconds":       {clip.Config{}, long, clip.ErrTooLong},
		"pictures":      {clip.Config{Frames: 30}, whole, clip.ErrTooLong},
		"pixels":        {clip.Config{}, huge, clip.ErrTooLarge},
		"time":          {clip.Config{Time: time.Millisecond}, whole, clip.ErrTooComplex},
		"cut at once":   {clip.Config{}, whole[:2000], clip.ErrCorrupt},
		"nothing in it": {clip.Config{}, []byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"), clip.ErrCorrupt},
		"sound alone":   {clip.Config{}, film(t, "s.mp4", "-f", "lavfi", "-i", "sine=duration=1"), clip.ErrCorrupt},
		"a codec more":  {clip.Config{}, film(t, "s.mov", "-f", "lavfi", "-i", lasting2s, "-c:v", "qtrle"), clip.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(t, reader(t, c.cfg), c.data)
			require.ErrorIs(t, err, c.want)
		})
	}
}

// Of a clip that is cut in the middle there is what lies before.
func TestCutVideo(t *testing.T) {
	data := film(t, "a.mp4", "-f", "lavfi", "-i", lasting2s, "-movflags", "faststart")
	s, err := read(t, reader(t, clip.Config{}), data[:len(data)*2/3])
	require.NoError(t, err)
	require.Greater(t, s.frames, 5)
	require.Less(t, s.frames, 50)
}

// hostile are files that are no clips but name other files or hosts, and clips whose
// pictures lie elsewhere.
func hostile(t testing.TB, secret string) map[string][]byte {
	t.Helper()
	good := people(t, "carphone.mp4")
	return map[string][]byte{
		"a playlist":           []byte("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://" + secret + "\n#EXTINF:5,\nhttp://127.0.0.1:1/x.ts\n"),
		"a list to join":       []byte("ffconcat version 1.0\nfile '" + secret + "'\n"),
		"a session":            []byte("v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"),
		"a manifest":           []byte("<?xml version=\"1.0\"?><MPD><BaseURL>file://" + secret + "</BaseURL></MPD>"),
		"a drawing":            []byte("<svg xmlns='http://www.w3.org/2000/svg'><image href='file://" + secret + "'/></svg>"),
		"a document":           []byte("%PDF-1.4\n1 0 obj<</F(" + secret + ")>>endobj\n"),
		"a playlist behind":    append([]byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"), "#EXTM3U\nfile://"+secret...),
		"pictures in a file":   elsewhere(good, "alis", secret),
		"pictures at a host":   elsewhere(good, "url ", "http://127.0.0.1:1/x.mp4"),
		"pictures by a name":   elsewhere(good, "urn ", "file:"+secret),
		"a movie of movies":    append([]byte("\x00\x00\x00\x08wide"), box("moov", box("rmra", box("rmda", box("rdrf", []byte("\x00\x00\x00\x00url \x00\x00\x00\x20file://"+secret+"\x00")))))...),
		"a compressed header":  box("moov", box("cmov", box("dcom", []byte("zlib")))),
		"matroska and a list":  append([]byte("\x1a\x45\xdf\xa3\x80"), "#EXTM3U\nfile://"+secret...),
		"QuickTime and a list": append(box("wide", nil), "ffconcat version 1.0\nfile '"+secret+"'\n"...),
	}
}

func box(name string, body []byte) []byte {
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), name...), body...)
}

// elsewhere is an MP4 whose data reference is of the kind and names another place.
func elsewhere(data []byte, kind, place string) []byte {
	// The entry is of 12 bytes, "url " with the flag of the file itself. There is no
	// room for a longer one, so a copy of all boxes around it grows.
	at := bytes.Index(data, []byte("dref"))
	entry := box(kind, append([]byte{0, 0, 0, 0}, place+"\x00"...))
	grow := len(entry) - 12
	out := bytes.Join([][]byte{data[:at+12], entry, data[at+24:]}, nil)
	for _, name := range []string{"moov", "trak", "mdia", "minf", "dinf", "dref"} {
		i := bytes.LastIndex(out[:at+4], []byte(name)) - 4
		binary.BigEndian.PutUint32(out[i:], binary.BigEndian.Uint32(out[i:])+uint32(grow))
	}
	return out
}

func TestHostileClipsAreRefused(t *testing.T) {
	r := reader(t, clip.Config{})
	for name, data := range hostile(t, "/etc/hostname") {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			s, err := read(t, r, data)
			require.Truef(t, isError(err, clip.ErrUnsupported) || isError(err, clip.ErrCorrupt), "%v", err)
			require.Zero(t, s.frames)
			require.Less(t, time.Since(start), 20*time.Second)
		})
	}
}

// traced is set in a process of this test that reads a clip under a tracer.
const traced = "ONETON_TEST_CLIP"

func TestMain(m *testing.M) {
	if path := os.Getenv(traced); path != "" {
		os.Exit(readAlone(path))
	}
	os.Exit(m.Run())
}

// readAlone reads the clip in the file, and says how many pictures it has.
func readAlone(path string) int {
	data, err := os.ReadFile(path)
	if err != nil {
		return 3
	}
	r, err := clip.New(clip.Config{})
	if err != nil {
		return 3
	}
	n := 0
	for _, err := range r.Frames(context.Background(), data) {
		if err != nil {
			return 4
		}
		if n++; os.Getenv("ONETON_TEST_HANG") != "" {
			os.Stdout.WriteString("reading\n")
			time.Sleep(time.Minute)
		}
	}
	os.Stdout.WriteString(strconv.Itoa(n))
	return 0
}

// own are files that may be written: what namespaces are made with, and nothing.
var own = regexp.MustCompile(`"(/dev/null|/proc/\d+/(uid_map|gid_map|setgroups))".*`)

// Neither a good clip nor a hostile one makes ffmpeg open another file than its own
// libraries, write one, or speak to anybody; and no name of a clip appears anywhere.
func TestNothingElseIsRead(t *testing.T) {
	reader(t, clip.Config{})
	tracer, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.mp4")
	require.NoError(t, os.WriteFile(secret, people(t, "carphone.mp4"), 0o644))
	clips := hostile(t, secret)
	clips["a good one"] = people(t, "single_face.mp4")
	for name, data := range clips {
		t.Run(name, func(t *testing.T) {
			at, log, tmp := filepath.Join(t.TempDir(), "clip"), filepath.Join(t.TempDir(), "trace"), t.TempDir()
			require.NoError(t, os.WriteFile(at, data, 0o600))
			cmd := exec.Command(tracer, "-f", "-s", "512", "-o", log, "-e", "trace=openat,open,creat,socket,connect,mkdir,mkdirat,execve", os.Args[0])
			cmd.Env = append(os.Environ(), traced+"="+at, "TMPDIR="+tmp)
			out, err := cmd.Output()
			if name == "a good one" {
				require.NoError(t, err)
				require.Equal(t, "72", string(out))
			}
			calls, err := os.ReadFile(log)
			require.NoError(t, err)
			require.Contains(t, string(calls), "execve(", "the tracer works")
			for line := range strings.Lines(string(calls)) {
				if strings.Contains(line, "ENOENT") || strings.Contains(line, tmp) {
					continue
				}
				require.NotContains(t, line, secret)
				require.NotContains(t, line, "AF_INET")
				require.NotRegexp(t, `open(at)?\(.*O_(WRONLY|RDWR|CREAT)`, own.ReplaceAllString(line, ""), name)
			}
			left, err := os.ReadDir(tmp)
			require.NoError(t, err)
			require.Empty(t, left, "nothing is left on disk")
		})
	}
}

// Whoever is killed takes ffmpeg along.
func TestFFmpegDiesWithItsParent(t *testing.T) {
	reader(t, clip.Config{})
	at := filepath.Join(t.TempDir(), "clip")
	require.NoError(t, os.WriteFile(at, people(t, "wolfgang_langer.mp4"), 0o600))
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), traced+"="+at, "ONETON_TEST_HANG=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line := make([]byte, 8)
	_, err = out.Read(line)
	require.NoError(t, err)
	children := childrenOf(t, cmd.Process.Pid)
	require.NotEmpty(t, children, "ffmpeg waits until its pictures are taken")
	confined(t, cmd.Process.Pid, children[0])
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	require.Eventually(t, func() bool {
		for _, pid := range children {
			if state, err := os.ReadFile("/proc/" + pid + "/stat"); err == nil && !strings.Contains(string(state), ") Z ") {
				return false
			}
		}
		return true
	}, 20*time.Second, 20*time.Millisecond)
}

// confined checks that a child of a process has limits, no environment, a folder with
// nothing in it and, where the kernel lets, no network.
func confined(t *testing.T, parent int, child string) {
	t.Helper()
	limits, err := os.ReadFile("/proc/" + child + "/limits")
	require.NoError(t, err)
	for _, limit := range []string{`Max cpu time +60 `, `Max file size +0 `, `Max core file size +0 `, `Max address space +2147483648 `, `Max open files +32 `} {
		require.Regexp(t, limit, string(limits))
	}
	environment, err := os.ReadFile("/proc/" + child + "/environ")
	require.NoError(t, err)
	require.NotContains(t, string(environment), traced)
	beside, err := os.ReadDir("/proc/" + child + "/cwd")
	require.NoError(t, err)
	require.Empty(t, beside)
	if exec.Command("unshare", "-Un", "true").Run() != nil {
		return
	}
	own, err := os.Readlink("/proc/" + strconv.Itoa(parent) + "/ns/net")
	require.NoError(t, err)
	theirs, err := os.Readlink("/proc/" + child + "/ns/net")
	require.NoError(t, err)
	require.NotEqual(t, own, theirs)
	status, err := os.ReadFile("/proc/" + child + "/status")
	require.NoError(t, err)
	require.Regexp(t, `CapEff:\s+0+\n`, string(status))
	if os.Getuid() == 0 {
		require.Regexp(t, `Uid:\s+65534`, string(status))
	}
}

// childrenOf are the ids of a process's children.
func childrenOf(t *testing.T, pid int) []string {
	t.Helper()
	var all []string
	tasks, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	require.NoError(t, err)
	for _, path := range tasks {
		ids, err := os.ReadFile(path)
		require.NoError(t, err)
		all = append(all, strings.Fields(string(ids))...)
	}
	return all
}

// The context's end ends ffmpeg, too.
func TestReadingIsCancelled(t *testing.T) {
	r := reader(t, clip.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range r.Frames(ctx, people(t, "wolfgang_langer.mp4")) {
		if n, last = n+1, err; n == 3 {
			cancel()
		}
	}
	require.ErrorIs(t, last, context.Canceled)
	require.Empty(t, childrenOf(t, os.Getpid()))
}

// A program that is named and does not run is an error at the start, and says so.
func TestNamedProgramThatDoesNotRun(t *testing.T) {
	_, err := clip.New(clip.Config{FFmpeg: "/bin/false"})
	require.ErrorIs(t, err, clip.ErrVideoOff)
	require.ErrorContains(t, err, "/bin/false does not run")
}
