package facesession

import (
	"bytes"
	"time"
)

// What a step's frames may be.
const (
	MinFrames     = 6
	MaxFrames     = 48
	MaxFrame      = 512 << 10 // bytes of one
	MaxFrameBytes = 6 << 20   // bytes of all
	// LeastSpan is from the first frame to the last at least, and MostGap from one to
	// the next at most.
	LeastSpan = 800 * time.Millisecond
	MostGap   = time.Second
)

// checkFrames refuses what no camera takes. Bytes that come twice are refused, too,
// here and by what is known of former frames: a camera's pictures have noise.
func checkFrames(frames []Frame) error {
	if len(frames) < MinFrames {
		return &FramesError{TooFew}
	}
	if len(frames) > MaxFrames {
		return &FramesError{TooMany}
	}
	total := 0
	for i, f := range frames {
		if err := checkFrame(f.JPEG); err != nil {
			return err
		}
		if total += len(f.JPEG); total > MaxFrameBytes {
			return &FramesError{TooLarge}
		}
		if i == 0 {
			if f.At < 0 {
				return &FramesError{OutOfOrder}
			}
			continue
		}
		switch gap := f.At - frames[i-1].At; {
		case gap <= 0:
			return &FramesError{OutOfOrder}
		case gap > MostGap:
			return &FramesError{Gap}
		}
	}
	if frames[len(frames)-1].At-frames[0].At < LeastSpan {
		return &FramesError{TooShort}
	}
	return nil
}

func checkFrame(jpeg []byte) error {
	if len(jpeg) > MaxFrame {
		return &FramesError{TooLarge}
	}
	if !bytes.HasPrefix(jpeg, []byte("\xff\xd8\xff")) {
		return &FramesError{NotJPEG}
	}
	return nil
}
