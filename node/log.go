package node

import (
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"

	"oneton/config"
)

// NewLogger writes to out as the configuration says.
func NewLogger(cfg config.Log, out io.Writer) (zerolog.Logger, error) {
	level, err := zerolog.ParseLevel(cfg.Level)
	if err != nil {
		return zerolog.Logger{}, fmt.Errorf("read log level: %w", err)
	}
	if cfg.Format == "text" {
		out = zerolog.ConsoleWriter{Out: out, TimeFormat: time.RFC3339}
	}
	return zerolog.New(out).Level(level).With().Timestamp().Logger(), nil
}
