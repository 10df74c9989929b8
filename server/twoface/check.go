package twoface

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oneton/kyc"
	"oneton/server"
	"oneton/server/decode"
)

const (
	// headerAttempts is how often a session may ask for a check, and headerRetries how
	// often it still may.
	headerAttempts = "x-attempt-limit"
	headerRetries  = "x-attempt-retries"
	// headerJob names the job of an answer.
	headerJob = "x-job-id"
)

// check is a call that is a job of its session and counts among its uses.
type check struct {
	path string
	// may are the endpoints that a request can come to.
	may []kyc.Endpoint
	// read tells which of them it is, and with what.
	read func(c *fiber.Ctx) (kyc.Endpoint, kyc.Input, error)
}

// all are the checks.
var all = []check{
	{"/faces/detect", []kyc.Endpoint{kyc.FacesDetect, kyc.FacesCompare}, readFaces},
	{"/faces/compare", []kyc.Endpoint{kyc.FacesCompare}, readFaces},
	{"/faces/check-smile", []kyc.Endpoint{kyc.FacesSmile}, readClip(kyc.FacesSmile)},
	{"/faces/check-blink", []kyc.Endpoint{kyc.FacesBlink}, readClip(kyc.FacesBlink)},
	{"/documents/validate-document-type", []kyc.Endpoint{kyc.DocumentsType}, readDocumentType},
	{"/documents/validate-identity", []kyc.Endpoint{kyc.DocumentsIdentity}, readIdentity},
}

// counted tells whether a path is among those whose answers say what is left.
func (d *dialect) counted(c *fiber.Ctx) bool {
	path, ok := strings.CutPrefix(c.Path(), d.at)
	return ok && (strings.HasPrefix(path, "/faces/") || strings.HasPrefix(path, "/documents/"))
}

// tell says how many uses are left.
func tell(c *fiber.Ctx, u kyc.Uses) {
	c.Set(headerAttempts, strconv.Itoa(u.Limit))
	c.Set(headerRetries, strconv.Itoa(u.Left))
}

// tellAll says how many uses are left of the first of the endpoints that a request can
// come to, and whether any of them has some.
func (d *dialect) tellAll(c *fiber.Ctx, s kyc.Session, may ...kyc.Endpoint) (left bool, err error) {
	for _, e := range slices.Backward(may) {
		u, err := d.service.Uses(c.UserContext(), s, e)
		if err != nil {
			return false, err
		}
		tell(c, u)
		left = left || u.Left > 0
	}
	return left, nil
}

// tellUnserved says how many uses are left on an answer that was found before the
// check was looked at: of the session whose token came, else none.
func (d *dialect) tellUnserved(c *fiber.Ctx) {
	tell(c, kyc.Uses{Limit: d.uses})
	i := slices.IndexFunc(all, func(ch check) bool { return c.Path() == d.at+ch.path })
	if i < 0 {
		return
	}
	if s, err := d.session(c); err == nil {
		_, _ = d.tellAll(c, s, all[i].may...) // the answer is another error's
	}
}

// serve answers a check. Nothing of the body is read before it is known whose it is,
// and that uses are left.
func (d *dialect) serve(ch check) fiber.Handler {
	return func(c *fiber.Ctx) error {
		s, err := d.session(c)
		if err != nil {
			return err
		}
		left, err := d.tellAll(c, s, ch.may...)
		if err != nil {
			return err
		}
		if err := d.take(c, s.Tenant); err != nil {
			return err
		}
		async, err := flag(c, "async")
		switch {
		case err != nil:
			return err
		case !left:
			return fmt.Errorf("begin %s: %w", ch.may[0], kyc.ErrUses)
		}
		endpoint, in, err := ch.read(c)
		if err != nil {
			if endpoint != "" { // which of them it is was not known before
				_, _ = d.tellAll(c, s, endpoint)
			}
			return err
		}
		job, uses, err := d.service.Begin(c.UserContext(), server.ActorOf(c), s, endpoint, in)
		if err == nil || errors.Is(err, kyc.ErrUses) {
			tell(c, uses)
		}
		if err != nil {
			return err
		}
		c.Set(headerJob, job)
		if async {
			return answer(c, job)
		}
		return d.finish(c, s, job)
	}
}

// finish answers with what the job came to, or that it takes longer than is waited.
func (d *dialect) finish(c *fiber.Ctx, s kyc.Session, job string) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), d.cfg.Wait)
	defer cancel()
	j, err := d.service.Await(ctx, s.Tenant, job)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return late(job)
	case err != nil:
		return err
	case j.Refused != nil:
		return j.Refused
	case len(j.Value) == 0 || string(j.Value) == "null":
		return fmt.Errorf("job %s ended without a value: %w", job, errUnfinished)
	}
	return answer(c, j.Value)
}

// flag is a switch of the query, off where it is not given.
func flag(c *fiber.Ctx, name string) (bool, error) {
	query, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil {
		return false, decode.Invalid("", "has a malformed query")
	}
	given := query[name]
	if len(given) == 0 {
		return false, nil
	}
	on, err := strconv.ParseBool(given[0])
	if err != nil || len(given) > 1 {
		return false, decode.Invalid(name, "must be true or false, and be sent once")
	}
	return on, nil
}

// readFaces reads a photo to count the faces of, or a document and a face to compare,
// which clients send to either address.
func readFaces(c *fiber.Ctx) (kyc.Endpoint, kyc.Input, error) {
	var r struct {
		File     decode.Photo `param:"file"`
		Document decode.Photo `param:"document" also:"faceA"`
		Face     decode.Photo `param:"face" also:"faceB"`
		// Threshold comes with faceA and faceB, and changes no similarity.
		Threshold *float64 `param:"threshold"`
	}
	if err := read(c, 2, &r); err != nil {
		return "", kyc.Input{}, err
	}
	compares := strings.HasSuffix(c.Path(), "/compare") || r.File == nil && (r.Document != nil || r.Face != nil)
	switch {
	case compares && r.File != nil:
		return "", kyc.Input{}, decode.Invalid("file", "is not compared; send document and face")
	case compares:
		in, err := inputOf(nil, map[string]decode.Photo{"document": r.Document, "face": r.Face})
		return kyc.FacesCompare, in, err
	case r.Document != nil || r.Face != nil:
		return "", kyc.Input{}, decode.Invalid("file", "stands beside document or face; send it alone to count faces, or those two to compare")
	}
	in, err := inputOf(nil, map[string]decode.Photo{"file": r.File})
	return kyc.FacesDetect, in, err
}

func readClip(e kyc.Endpoint) func(*fiber.Ctx) (kyc.Endpoint, kyc.Input, error) {
	return func(c *fiber.Ctx) (kyc.Endpoint, kyc.Input, error) {
		var r struct {
			Clip decode.Photo `param:"clip"`
		}
		if err := read(c, 1, &r); err != nil {
			return "", kyc.Input{}, err
		}
		in, err := inputOf(nil, map[string]decode.Photo{"clip": r.Clip})
		return e, in, err
	}
}

func readDocumentType(c *fiber.Ctx) (kyc.Endpoint, kyc.Input, error) {
	var r struct {
		File         decode.Photo `param:"file"`
		DocumentType string       `param:"documentType"`
		Side         string       `param:"side"`
	}
	if err := read(c, 1, &r); err != nil {
		return "", kyc.Input{}, err
	}
	if r.Side == "" {
		r.Side = kyc.Front
	}
	in, err := inputOf(map[string]string{"documentType": r.DocumentType, "side": r.Side}, map[string]decode.Photo{"file": r.File})
	if err == nil {
		err = among("'documentType'", r.DocumentType, ", ", kyc.DocumentTypes())
	}
	if err == nil {
		err = among("'side'", r.Side, ", ", kyc.Sides())
	}
	return kyc.DocumentsType, in, err
}

func readIdentity(c *fiber.Ctx) (kyc.Endpoint, kyc.Input, error) {
	var r struct {
		File         decode.Photo `param:"file"`
		DocumentType string       `param:"documentType"`
		DocumentID   string       `param:"documentId"`
	}
	if err := read(c, 1, &r); err != nil {
		return "", kyc.Input{}, err
	}
	in, err := inputOf(map[string]string{"documentType": r.DocumentType, "documentId": r.DocumentID}, map[string]decode.Photo{"file": r.File})
	if err == nil {
		err = among("'documentType'", r.DocumentType, ", ", kyc.DocumentTypes())
	}
	if err == nil && r.DocumentID == "" {
		err = decode.Invalid("documentId", "is required")
	}
	return kyc.DocumentsIdentity, in, err
}

// inputOf is a check's input, if no file lacks or is too large.
func inputOf(fields map[string]string, files map[string]decode.Photo) (kyc.Input, error) {
	in := kyc.Input{Fields: fields, Files: map[string][]byte{}}
	for name, content := range files {
		if err := fits(content); err != nil {
			return kyc.Input{}, err
		}
		in.Files[name] = content
	}
	return in, nil
}
