package native

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oneton/server/decode"
	"oneton/store"
)

// tagBytes of a hash are enough that no two versions share a tag.
const tagBytes = 16

// tagOfGallery is the strong entity tag (RFC 9110, section 8.8.3) of a gallery:
// equal tags are of the same gallery, answered byte for byte the same.
func tagOfGallery(g store.Gallery) string { return tagOf(string(g.ID), galleryOf(g)) }

// tagOfSubject is the strong entity tag of a subject with its faces. Whatever
// is done to a subject moves the time of its update, but that faces go, whose
// number goes with them.
func tagOfSubject(s store.Subject) string { return tagOf(string(s.Gallery), subjectOf(s)) }

func tagOf(id string, answer any) string {
	b, err := json.Marshal(answer)
	if err != nil {
		// It cannot be answered either: no version of it has this tag.
		b = nil
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s", id, b))
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:tagBytes]) + `"`
}

// conditions are what a request asks of the version that it is about (RFC 9110,
// section 13.1).
type conditions struct {
	match, noneMatch tags
}

func readConditions(c *fiber.Ctx) (conditions, error) {
	match, err := readTags(c, fiber.HeaderIfMatch)
	if err != nil {
		return conditions{}, err
	}
	noneMatch, err := readTags(c, fiber.HeaderIfNoneMatch)
	return conditions{match, noneMatch}, err
}

// unconditional refuses conditions on calls that do not evaluate them, since
// what they forbid must not be done. Reads may ignore them.
func unconditional(c *fiber.Ctx) error {
	if method := c.Method(); method == fiber.MethodPost || method == fiber.MethodPut || method == fiber.MethodDelete {
		for _, header := range []string{fiber.HeaderIfMatch, fiber.HeaderIfNoneMatch} {
			if len(c.Request().Header.PeekAll(header)) > 0 {
				return decode.Invalid(header, "is not taken by this call, which is made whatever the version is; leave it out")
			}
		}
	}
	return c.Next()
}

// check is ErrPrecondition when a change of the version with the tag must not
// be made.
func (c conditions) check(tag string) error {
	if c.match.given && !c.match.has(tag) || c.noneMatch.given && c.noneMatch.hasWeakly(tag) {
		return fmt.Errorf("compare with version %s: %w", tag, ErrPrecondition)
	}
	return nil
}

// send answers a request for the version with the tag, without a body when the
// client has it.
func (c conditions) send(ctx *fiber.Ctx, tag string, answer any) error {
	if c.match.given && !c.match.has(tag) {
		return c.check(tag)
	}
	ctx.Set(fiber.HeaderETag, tag)
	if c.noneMatch.given && c.noneMatch.hasWeakly(tag) {
		ctx.Status(fiber.StatusNotModified)
		return nil
	}
	return ctx.JSON(answer)
}

// tags are those of a condition.
type tags struct {
	// given says that the request has the condition, and anything that it is *.
	given, anything bool
	// all are as they stand in the request, the weak ones with their W/.
	all []string
}

// has compares strongly, by which a weak tag is equal to none.
func (t tags) has(tag string) bool { return t.anything || slices.Contains(t.all, tag) }

func (t tags) hasWeakly(tag string) bool { return t.has(tag) || slices.Contains(t.all, "W/"+tag) }

// readTags reads a condition, which several lines may be of.
func readTags(c *fiber.Ctx, header string) (tags, error) {
	lines := c.Request().Header.PeekAll(header)
	if len(lines) == 0 {
		return tags{}, nil
	}
	t, ok := parseTags(string(bytes.Join(lines, []byte(","))))
	if !ok {
		return tags{}, decode.Invalid(header, `must be * or entity tags as an ETag has them, "in double quotes", with commas between`)
	}
	return t, nil
}

// parseTags reads * or a list of entity tags. Elements of the list may be empty
// (RFC 9110, section 5.6.1).
func parseTags(text string) (t tags, ok bool) {
	const blank = " \t"
	t.given = true
	if strings.Trim(text, blank) == "*" {
		t.anything = true
		return t, true
	}
	for text = strings.TrimLeft(text, blank+","); text != ""; text = strings.TrimLeft(text, blank+",") {
		opaque := strings.TrimPrefix(text, "W/")
		if !strings.HasPrefix(opaque, `"`) {
			return tags{}, false
		}
		inside, _, closed := strings.Cut(opaque[1:], `"`)
		if !closed || strings.ContainsFunc(inside, notInTag) {
			return tags{}, false
		}
		end := len(text) - len(opaque) + len(inside) + len(`""`)
		t.all = append(t.all, text[:end])
		text = strings.TrimLeft(text[end:], blank)
		if text != "" && text[0] != ',' {
			return tags{}, false
		}
	}
	return t, len(t.all) > 0
}

// notInTag tells what a tag must not hold: blanks and control characters.
func notInTag(r rune) bool { return r <= ' ' || r == 0x7f }
