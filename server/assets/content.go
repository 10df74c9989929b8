package assets

import (
	"bytes"
	"compress/gzip"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/gofiber/fiber/v2"
)

// Content is what is sent, as it is and compressed, which is done when it is first wanted.
type Content struct {
	media       string
	plain       []byte
	gzip, small func() []byte
}

// NewContent is of a media type.
func NewContent(media string, plain []byte) Content {
	return Content{
		media: media, plain: plain,
		gzip: sync.OnceValue(func() []byte {
			return squeezed(plain, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
		}),
		small: sync.OnceValue(func() []byte {
			return squeezed(plain, func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, brotli.BestCompression) })
		}),
	}
}

func squeezed(plain []byte, by func(io.Writer) io.WriteCloser) []byte {
	var b bytes.Buffer // which takes all that is written
	w := by(&b)
	_, _ = w.Write(plain)
	_ = w.Close()
	return b.Bytes()
}

// Send sends it in the smallest form that the browser takes.
func (f Content) Send(c *fiber.Ctx) error {
	c.Vary(fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderContentType, f.media)
	header := &c.Request().Header
	switch {
	case header.HasAcceptEncoding("br"):
		c.Set(fiber.HeaderContentEncoding, "br")
		return c.Send(f.small())
	case header.HasAcceptEncoding("gzip"):
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(f.gzip())
	}
	return c.Send(f.plain)
}
