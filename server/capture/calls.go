package capture

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/facesession"
	"oneton/server"
	"oneton/server/decode"
)

const (
	// maxGuide is the largest frame that guides, in bytes.
	maxGuide = 512 << 10
	// maxFrames is room for the frames of a step, and for the form that they come in.
	maxFrames = 6<<20 + 64<<10
)

// tabAnswer is where a session is.
type tabAnswer struct {
	// Binding is set once: when the tab is bound.
	Binding  string     `json:"binding,omitempty"`
	Attempt  int        `json:"attempt"`
	Attempts int        `json:"attempts"`
	Expires  int        `json:"expiresIn"`
	Checking bool       `json:"checking"`
	Origins  []string   `json:"origins"`
	Redirect string     `json:"redirect,omitempty"`
	End      *endAnswer `json:"end,omitempty"`
}

// endAnswer is what a session came to; without an error it is well.
type endAnswer struct {
	Error  facesession.Code `json:"error,omitempty"`
	Result string           `json:"jwsResult,omitempty"`
}

type stepAnswer struct {
	Token   string               `json:"token"`
	Kind    facesession.StepKind `json:"kind"`
	Attempt int                  `json:"attempt"`
	Number  int                  `json:"number"`
	Of      int                  `json:"of"`
	Left    int                  `json:"expiresIn"`
}

// progressAnswer is what comes next: a step, another attempt, or the end.
type progressAnswer struct {
	Step    *stepAnswer      `json:"step,omitempty"`
	Failed  facesession.Code `json:"failed,omitempty"`
	Reason  string           `json:"reason,omitempty"`
	Attempt int              `json:"attempt"`
	Of      int              `json:"attempts"`
	End     *endAnswer       `json:"end,omitempty"`
}

// guideAnswer is what to do, and how long it took to know, in milliseconds, so that the
// page can tell how slow the network is.
type guideAnswer struct {
	Guidance facesession.GuidanceCode `json:"guidance"`
	Took     int64                    `json:"took"`
}

func end(e *facesession.End) *endAnswer {
	if e == nil {
		return nil
	}
	return &endAnswer{Error: e.Code, Result: e.Result}
}

func progress(p facesession.Progress) progressAnswer {
	answer := progressAnswer{Failed: p.Failed, Reason: p.Reason, Attempt: p.Attempt, Of: p.MaxAttempts, End: end(p.End)}
	if s := p.Step; s != nil {
		answer.Step = &stepAnswer{Token: s.Token, Kind: s.Kind, Attempt: s.Attempt, Number: s.Number, Of: s.Of, Left: seconds(s.Left)}
	}
	return answer
}

func seconds(d time.Duration) int { return int(d / time.Second) }

func (p *capture) bind(c *fiber.Ctx) error {
	var req struct {
		Nonce  string `param:"nonce"`
		Return string `param:"return"`
	}
	if err := read(c, &req); err != nil {
		return err
	}
	e := embeddingOf(c)
	back, err := wayBack(e, req.Return)
	if err != nil {
		return err
	}
	tab, err := p.sessions.Bind(c.UserContext(), c.Params("id"), bindingOf(c), req.Nonce)
	if err != nil {
		return err
	}
	return c.JSON(tabAnswer{
		Binding: tab.Binding, Attempt: tab.Attempt, Attempts: tab.MaxAttempts, Expires: seconds(tab.Left), Checking: tab.Checking,
		Origins: append([]string{}, e.Origins...), Redirect: back, End: end(tab.End),
	})
}

// wayBack is the address that the page goes to with the result: the one that is asked
// for, if the client has it, or else the client's only one.
func wayBack(e facesession.Embedding, asked string) (string, error) {
	switch {
	case asked != "" && !slices.Contains(e.Returns, asked):
		return "", invalid("return", "is not an address that the client has set")
	case asked == "" && len(e.Returns) == 1:
		return e.Returns[0], nil
	}
	return asked, nil
}

func (p *capture) begin(c *fiber.Ctx) error {
	if err := read(c, &struct{}{}); err != nil {
		return err
	}
	next, err := p.sessions.Begin(c.UserContext(), c.Params("id"), bindingOf(c))
	if err != nil {
		return err
	}
	return c.JSON(progress(next))
}

func (p *capture) guide(c *fiber.Ctx) error {
	if media, _, _ := strings.Cut(c.Get(fiber.HeaderContentType), ";"); media != "image/jpeg" {
		return &decode.MediaTypeError{Accepts: []string{"image/jpeg"}}
	}
	jpeg, err := server.Body(c, maxGuide)
	if err != nil {
		return err
	}
	start := time.Now()
	guidance, err := p.sessions.Guide(c.UserContext(), c.Params("id"), bindingOf(c), jpeg)
	if err != nil {
		return err
	}
	return c.JSON(guideAnswer{guidance.Code, time.Since(start).Milliseconds()})
}

func (p *capture) step(c *fiber.Ctx) error {
	body, err := server.Body(c, maxFrames)
	if err != nil {
		return err
	}
	var req struct {
		At     string        `param:"at,required"`
		Frames decode.Photos `param:"frames,required"`
	}
	if err := decode.Request(c.Get(fiber.HeaderContentType), nil, body, &req); err != nil {
		return err
	}
	frames, err := timed(req.Frames, req.At)
	if err != nil {
		return err
	}
	next, err := p.sessions.Step(c.UserContext(), c.Params("id"), bindingOf(c), c.Get(headerStep), frames)
	if err != nil {
		return err
	}
	return c.JSON(progress(next))
}

// timed are the frames with the times at which they were taken: as many numbers of
// milliseconds, separated by commas.
func timed(jpegs [][]byte, at string) ([]facesession.Frame, error) {
	times := strings.Split(at, ",")
	if len(times) != len(jpegs) {
		return nil, invalid("at", "must be as many numbers as there are frames")
	}
	frames := make([]facesession.Frame, len(jpegs))
	for i, text := range times {
		ms, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return nil, invalid("at", "must be whole numbers of milliseconds, separated by commas")
		}
		frames[i] = facesession.Frame{At: time.Duration(ms) * time.Millisecond, JPEG: jpegs[i]}
	}
	return frames, nil
}

// reasons are those that a page has to end a session.
var reasons = []facesession.Code{facesession.UserCancel, facesession.MediaNotAllowed, facesession.MediaNotFound}

func (p *capture) cancel(c *fiber.Ctx) error {
	var req struct {
		Code string `param:"code,required"`
	}
	if err := read(c, &req); err != nil {
		return err
	}
	code := facesession.Code(req.Code)
	if !slices.Contains(reasons, code) {
		return invalid("code", "must be USER_CANCEL, MEDIA_NOT_ALLOWED_ERROR or MEDIA_NOT_FOUND_ERROR")
	}
	ended, err := p.sessions.Cancel(c.UserContext(), c.Params("id"), bindingOf(c), code)
	if err != nil {
		return err
	}
	return c.JSON(end(&ended))
}

// read decodes a JSON body.
func read(c *fiber.Ctx, into any) error {
	body, err := server.Body(c, server.PlainBody)
	if err != nil {
		return err
	}
	return decode.JSON(c.Get(fiber.HeaderContentType), body, into)
}
