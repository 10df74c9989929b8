package problem

import (
	"errors"
	"strconv"
	"strings"

	"oneton/argument"
	"oneton/identify"
	"oneton/photo"
	"oneton/server"
	"oneton/server/decode"
	"oneton/store"
)

// fieldOf is the field of the request that err is about, or empty.
func fieldOf(err error) string {
	var (
		photos   *identify.ArgumentError
		resource *identify.ResourceError
		about    *argument.Error
	)
	switch {
	case errors.As(err, &photos):
		return photos.Argument
	case errors.As(err, &about):
		return about.Argument
	case errors.As(err, &resource):
		return resourceField(resource)
	case errors.Is(err, identify.ErrPositionAhead):
		return server.HeaderPosition
	}
	return ""
}

// resourceField is where a request names what is there already, or is not.
func resourceField(e *identify.ResourceError) string {
	switch {
	case errors.Is(e.Err, store.ErrNotFound):
		for e.Name == "" && e.In != nil {
			e = e.In
		}
		return e.Kind
	case e.Kind == identify.KindGallery:
		return "name"
	default:
		return "id"
	}
}

// told are errors whose text, after the sentinel's own, is made for the caller.
var told = []error{
	identify.ErrSeveralFaces, identify.ErrFaceTooSmall, store.ErrSpace, photo.ErrTooLarge, photo.ErrTooSmall,
	photo.ErrEmpty, photo.ErrUnsupported, photo.ErrCorrupt, photo.ErrTooComplex,
}

// detailOf is what is wrong in particular, or empty.
func detailOf(err error, field string) string {
	var (
		media    *decode.MediaTypeError
		pack     *photo.PackError
		resource *identify.ResourceError
		about    *argument.Error
	)
	switch {
	case errors.As(err, &media):
		return media.Error()
	case errors.As(err, &about):
		return about.Told()
	case errors.As(err, &pack):
		return "pack " + quoted(pack.Pack) + " is not loaded; loaded are " + strings.Join(pack.Loaded, ", ")
	case errors.As(err, &resource):
		return resourceDetail(resource)
	}
	if text, ok := after(err, identify.ErrInvalid); ok {
		return strings.TrimPrefix(field+" "+text, " ")
	}
	for _, sentinel := range told {
		if text, ok := after(err, sentinel); ok {
			return text
		}
	}
	return ""
}

// after is the text of err behind the sentinel's.
func after(err, sentinel error) (string, bool) {
	if !errors.Is(err, sentinel) {
		return "", false
	}
	_, text, ok := strings.Cut(err.Error(), sentinel.Error()+": ")
	return text, ok
}

func reasonsOf(err error) []string {
	var (
		quality *identify.QualityError
		live    *identify.LivenessError
	)
	switch {
	case errors.As(err, &quality):
		return quality.Reasons
	case errors.As(err, &live):
		return []string{live.Reason}
	}
	return nil
}

// resourceDetail is as in: there is no subject "ada" in gallery "staff".
func resourceDetail(e *identify.ResourceError) string {
	text := "there is "
	switch {
	case !errors.Is(e.Err, store.ErrNotFound):
		text += "already a " + named(e)
	case e.Kind == identify.KindPhoto:
		text += "no kept photo"
	default:
		text += "no " + named(e)
	}
	parts := []string{text}
	for in := e.In; in != nil; in = in.In {
		joint := " of "
		if in.Kind == identify.KindGallery {
			joint = " in "
		}
		parts = append(parts, joint, named(in))
	}
	return strings.Join(parts, "")
}

func named(e *identify.ResourceError) string {
	if e.Name == "" {
		return e.Kind
	}
	return e.Kind + " " + quoted(e.Name)
}

// quoted is what a caller sent, short and printable.
func quoted(s string) string {
	const longest = 128
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return strconv.QuoteToGraphic(s)
}
