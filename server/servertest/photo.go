package servertest

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Script is what a scripted photo makes the embedder do.
type Script struct {
	Faces []Shown
	// LeftOut is how many more there are.
	LeftOut int
	// Rotation is how the photo was turned.
	Rotation int
	// Fail names an error of package embed that the photo causes.
	Fail string
	// Panic makes the embedder panic.
	Panic bool
	// Hold is how long embedding takes, and Stubborn that it does not end
	// early when the request does.
	Hold     time.Duration
	Stubborn bool
}

// Shown is one face of a scripted photo.
type Shown struct {
	Person string
	// Take distinguishes photos of one person; two takes are about 0.8 alike.
	Take    int
	Size    float32
	Reasons []string
	// Small faces are found when the photo is looked at in full detail.
	Small bool
	// Live is the liveness check's score, from 0.5 on real and below 0.1 a
	// spoof; nil is 0.9.
	Live *float64
}

// The first bytes of the formats, by which content is told.
var (
	jpeg = []byte("\xff\xd8\xff\xe0")
	png  = []byte("\x89PNG\r\n\x1a\n")
	webp = []byte("RIFF\x00\x00\x00\x00WEBPVP")
)

// Photo is a photo that shows the faces.
func Photo(t testing.TB, faces ...Shown) []byte {
	t.Helper()
	return Scripted(t, Script{Faces: faces})
}

// Of is a photo of one person.
func Of(t testing.TB, person string, take int) []byte {
	t.Helper()
	return Photo(t, Shown{Person: person, Take: take})
}

// Scripted is a photo that makes the embedder do what the script says.
func Scripted(t testing.TB, s Script) []byte {
	t.Helper()
	b, err := json.Marshal(s)
	require.NoError(t, err)
	return append(bytes.Clone(jpeg), b...)
}

// AsPNG is the photo with a PNG's first bytes.
func AsPNG(photo []byte) []byte { return append(bytes.Clone(png), photo[len(jpeg):]...) }

// AsWebP is the photo with a WebP's first bytes.
func AsWebP(photo []byte) []byte { return append(bytes.Clone(webp), photo[len(jpeg):]...) }

// parse reads a scripted photo back.
func parse(photo []byte) (media string, s Script, ok bool) {
	for media, magic := range map[string][]byte{"image/jpeg": jpeg, "image/png": png, "image/webp": webp} {
		if script, found := bytes.CutPrefix(photo, magic); found {
			// Padding lets a test make a photo of any size.
			err := json.Unmarshal(bytes.TrimRight(script, "\x00"), &s)
			return media, s, err == nil
		}
	}
	return "", s, true
}
