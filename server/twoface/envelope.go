package twoface

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oneton/kyc"
	"oneton/server"
)

// envelope is the body of every answer but a photo.
type envelope struct {
	Code   int `json:"code"`
	Result any `json:"result"`
}

// refusal is the result of a request that is refused.
type refusal struct {
	Msg string `json:"msg"`
}

// headerCode tells clients that want to branch on it what a refusal is; the
// envelope has no place for it.
const headerCode = "X-Oneton-Code"

// answer answers with a result, always with 200: the API's clients take any other
// status for an error.
func answer(c *fiber.Ctx, result any) error { return send(c, fiber.StatusOK, result) }

// send writes an envelope as people write JSON: an address in it stays as it is.
func send(c *fiber.Ctx, status int, result any) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(envelope{status, result}); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Status(status).Send(bytes.TrimSuffix(body.Bytes(), []byte("\n")))
}

// refuse answers that the request came to a problem.
func (d *dialect) refuse(c *fiber.Ctx, p server.Problem) error {
	if nameless(c) { // which is told before anything else, also of what no route takes
		p = agentless.Problem()
	}
	if d.counted(c) && len(c.Response().Header.Peek(headerRetries)) == 0 {
		if p.Code == tokenless.Code {
			tell(c, kyc.Uses{Limit: d.uses}) // without a session nothing is left
		} else {
			d.tellUnserved(c)
		}
	}
	c.Set(headerCode, p.Code)
	return send(c, p.Status, refusal{sentence(p)})
}

// sentence tells a problem in one.
func sentence(p server.Problem) string {
	text := p.Title
	switch {
	case p.Code == "invalid_request" && p.Detail != "":
		text = p.Detail
	case p.Detail != "":
		text += ": " + p.Detail
	}
	if len(p.Reasons) > 0 {
		text += " (" + strings.Join(slices.Compact(p.Reasons), ", ") + ")"
	}
	return text
}
