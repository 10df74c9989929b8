package facenition

import (
	"errors"
	"math"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"oneton/credential"
	"oneton/server"
)

// caller is whose request it is while nobody knows who that is.
func caller(c *fiber.Ctx) credential.Caller {
	source, certain := server.SourceOf(c)
	return credential.Caller{Source: source, Certain: certain, Request: c.GetRespHeader(server.HeaderRequestID)}
}

// limited tells a client that was turned away when to come back.
func limited(c *fiber.Ctx, err error) error {
	if limit, ok := errors.AsType[*credential.LimitError](err); ok {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(limit.RetryAfter.Seconds()))))
	}
	return err
}
