package clip

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
)

// splitAVI are the JPEGs of the motion JPEG in an AVI, and their rate (Microsoft,
// "AVI RIFF File Reference"): the chunks 00dc and 00db of its lists, in order. An
// empty chunk is a picture that was dropped.
func splitAVI(data []byte) (iter.Seq[[]byte], float64, error) {
	const micro, fastest = 1_000_000, 1000
	var rate float64
	motion := false
	for name, body := range chunks(data) {
		switch {
		case name == "avih" && len(body) >= 4 && rate == 0:
			rate = micro / float64(binary.LittleEndian.Uint32(body))
		case name == "strh" && len(body) >= 8 && string(body[:4]) == "vids":
			motion = motion || bytes.EqualFold(body[4:8], []byte("MJPG"))
		case isPicture(name):
			motion = motion || bytes.HasPrefix(body, startOfImage)
		}
	}
	if !motion {
		return nil, 0, fmt.Errorf("%w: an AVI of something else than motion JPEG; send an MP4", ErrUnsupported)
	}
	if !(rate > 0 && rate <= fastest) || math.IsInf(rate, 0) {
		return nil, 0, fmt.Errorf("%w: the AVI does not say how long its pictures last", ErrCorrupt)
	}
	return func(yield func([]byte) bool) {
		for name, body := range chunks(data) {
			if isPicture(name) && !yield(body) {
				return
			}
		}
	}, rate, nil
}

func isPicture(name string) bool { return name == "00dc" || name == "00db" }

// chunks are the chunks of an AVI that are no lists, with those within lists, up
// to the first that has no header. One that is cut short is what there is of it.
func chunks(data []byte) iter.Seq2[string, []byte] {
	const header, form = 8, 12
	return func(yield func(string, []byte) bool) {
		for len(data) >= header {
			name := string(data[:4])
			if name == "RIFF" || name == "LIST" {
				// What is within it follows its form.
				data = data[min(form, len(data)):]
				continue
			}
			length := int(binary.LittleEndian.Uint32(data[4:]))
			body := data[header:]
			body = body[:min(length, len(body))]
			if !yield(name, body) {
				return
			}
			data = data[min(header+len(body)+len(body)%2, len(data)):]
		}
	}
}
