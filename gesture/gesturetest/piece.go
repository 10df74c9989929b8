package gesturetest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// Piece is a part of a video as an MP4 of its own, without sound: what comes from a
// second on, for so many. It takes ffmpeg.
func Piece(ctx context.Context, video string, from, seconds float64) ([]byte, error) {
	folder, err := os.MkdirTemp("", "piece")
	if err != nil {
		return nil, fmt.Errorf("make a folder for a piece: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }
	part := filepath.Join(folder, "piece.mp4")
	told, err := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-loglevel", "error", "-ss", number(from), "-i", video,
		"-t", number(seconds), "-an", "-c:v", "libx264", "-crf", "18", "-preset", "veryfast", part).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("cut a piece out of %s: %w: %s", filepath.Base(video), err, told)
	}
	return os.ReadFile(part)
}
