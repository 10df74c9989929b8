package clip

import (
	"cmp"
	"time"

	"oneton/setting"
)

// Config says where ffmpeg is and bounds the clips. A limit of 0 is that of
// DefaultConfig.
type Config struct {
	// FFmpeg is the program that reads videos; empty looks for ffmpeg in PATH.
	FFmpeg string
	// Bytes is the longest file.
	Bytes int
	// Duration is the longest clip, and Frames the most pictures of one.
	Duration time.Duration
	Frames   int
	// Pixels is the most pixels of a picture, width times height.
	Pixels int
	// Time is the longest that reading a clip may take, with what is done with its
	// pictures meanwhile, and Memory the most bytes that ffmpeg may map.
	Time   time.Duration
	Memory int
}

// Pictures of videos are brought to this size and rate.
const (
	// Side is the longest side: a face that fills a third of it has eyes as large
	// as models see them.
	Side = 640
	// Rate is how many pictures a second there are at most. An eye is closed for
	// 50 ms and more when it blinks, so each blink has one.
	Rate = 30
)

// DefaultConfig takes what phones record in some seconds, up to 4K.
func DefaultConfig() Config {
	return Config{
		Bytes: 10 << 20, Duration: 20 * time.Second, Frames: 1250, Pixels: 9_000_000,
		Time: time.Minute, Memory: 2 << 30,
	}
}

func (c Config) filled() Config {
	d := DefaultConfig()
	c.Bytes = cmp.Or(c.Bytes, d.Bytes)
	c.Duration = cmp.Or(c.Duration, d.Duration)
	c.Frames = cmp.Or(c.Frames, d.Frames)
	c.Pixels = cmp.Or(c.Pixels, d.Pixels)
	c.Time = cmp.Or(c.Time, d.Time)
	c.Memory = cmp.Or(c.Memory, d.Memory)
	return c
}

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	return []setting.Setting{
		{
			Key: "clip.ffmpeg", Value: &c.FFmpeg, Shown: "`ffmpeg` in PATH",
			Means: "program that reads MP4, MOV and WebM; without it they are refused",
		},
		{
			Key: "clip.max_bytes", Value: &c.Bytes, Bytes: true, Means: "largest clip",
			Want: "1 KiB to 1 GiB", OK: c.Bytes >= 1<<10 && c.Bytes <= 1<<30,
		},
		{
			Key: "clip.max_duration", Value: &c.Duration, Means: "longest clip",
			Want: "1s to 5m", OK: c.Duration >= time.Second && c.Duration <= 5*time.Minute,
		},
		{
			Key: "clip.max_frames", Value: &c.Frames, Means: "most pictures of a clip",
			Want: "2 to 100,000", OK: c.Frames >= 2 && c.Frames <= 100_000,
		},
		{
			Key: "clip.max_pixels", Value: &c.Pixels, Means: "most pixels of a clip's picture",
			Want: "1,024 to 2^26", OK: c.Pixels >= 1<<10 && c.Pixels <= 1<<26,
		},
		{
			Key: "clip.max_time", Value: &c.Time, Means: "longest time that reading a clip and judging it may take",
			Want: "above 0", OK: c.Time > 0,
		},
		{
			Key: "clip.max_memory", Value: &c.Memory, Bytes: true, Means: "most memory that ffmpeg may map for a clip",
			Want: "512 MiB or more", OK: c.Memory >= 512<<20,
		},
	}
}
