package twoface

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oneton/server"
	"oneton/server/decode"
)

// mostUpload is the largest file of a request: 10 MiB, which holds what clients
// take for 10 MB.
const mostUpload = 10 << 20

// read decodes a request with so many files at most into the struct that into
// points to.
func read(c *fiber.Ctx, files int, into any) error {
	// In JSON three bytes of a file take four.
	body, err := server.Body(c, files*mostUpload*4/3+server.PlainBody)
	if err != nil {
		return err
	}
	return decode.KnownFields(c.Get(fiber.HeaderContentType), body, into)
}

// fits refuses files that are larger than is taken, and a request that lacks one.
func fits(files ...decode.Photo) error {
	for _, f := range files {
		switch {
		case len(f) == 0:
			return fileless.Problem()
		case len(f) > mostUpload:
			return fiber.ErrRequestEntityTooLarge
		}
	}
	return nil
}

// among refuses a value that is none of those that there are, in the API's words: the
// name is quoted as the call quotes it.
func among[T ~string](name, value, separator string, all []T) error {
	if slices.Contains(all, T(value)) {
		return nil
	}
	texts := make([]string, len(all))
	for i, v := range all {
		texts[i] = string(v)
	}
	return invalid(fmt.Sprintf("%s must be one of the following: %s", name, strings.Join(texts, separator)))
}

// segment is a path parameter, unescaped. One that cannot be unescaped stands
// for itself, and names nothing.
func segment(c *fiber.Ctx, name string) string {
	s, err := url.PathUnescape(c.Params(name))
	if err != nil {
		return c.Params(name)
	}
	return s
}
