package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
)

// streamBuffer is how much of a stream is sent at once.
const streamBuffer = 64 << 10

// Stream answers with what write writes, however much that is: what is written is sent
// at once, and the client has the time of an answer to take each part. The answer
// ends without its end when write fails, so that nobody takes it for whole. The work
// ends when the client leaves or the server stops.
func Stream(c *fiber.Ctx, write func(ctx context.Context, w io.Writer) error) error {
	x, ok := c.Context().UserValue(exchangeKey).(*exchange)
	if !ok {
		return errors.New("server: a stream outside a request")
	}
	s, conn, id := x.server, c.Context().Conn(), string(c.Response().Header.Peek(HeaderRequestID))
	c.Context().SetBodyStreamWriter(func(out *bufio.Writer) {
		ctx, cancel := context.WithCancel(s.base)
		defer cancel()
		err := s.recovered(id, func() error {
			w := bufio.NewWriterSize(&patient{out, conn, s.cfg.WriteTimeout}, streamBuffer)
			return errors.Join(write(ctx, w), w.Flush())
		})
		if err != nil {
			s.log.Warn().Err(err).Str("request_id", id).Msg("an answer was not sent to its end")
			_ = conn.Close()
		}
	})
	return nil
}

// patient gives the client time for each part.
type patient struct {
	out     *bufio.Writer
	conn    net.Conn
	timeout time.Duration
}

// Write implements io.Writer.
func (p *patient) Write(part []byte) (int, error) {
	if err := p.conn.SetWriteDeadline(time.Now().Add(p.timeout)); err != nil {
		return 0, fmt.Errorf("give time to write: %w", err)
	}
	n, err := p.out.Write(part)
	if err == nil {
		err = p.out.Flush()
	}
	return n, err
}
