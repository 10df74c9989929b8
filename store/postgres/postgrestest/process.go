package postgrestest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"oneton/porttest"
)

// start runs the server until it answers. A dead one's processes may hold its
// memory for a moment.
func (s *Server) start() error {
	if s.port == 0 {
		var err error
		if s.port, err = porttest.Free(1); err != nil {
			return err
		}
	}
	for deadline := time.Now().Add(startPatience); ; time.Sleep(startPause) {
		if err := s.launch(); err != nil {
			return err
		}
		if s.answers(deadline) {
			return nil
		}
		s.end(syscall.SIGKILL)
		text, err := os.ReadFile(s.logFile())
		if err != nil || time.Now().After(deadline) || !strings.Contains(string(text), "still in use") {
			return fmt.Errorf("start PostgreSQL: %w: %s", err, text)
		}
	}
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "log") }

// launch starts the server's process, with an empty log.
func (s *Server) launch() error {
	args := []string{"-D", s.Dir()}
	for _, setting := range append([]string{
		"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(s.port), "unix_socket_directories=",
		"shared_buffers=32MB", "max_connections=60",
	}, s.settings...) {
		args = append(args, "-c", setting)
	}
	log, err := os.Create(s.logFile())
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(s.bin, "postgres"), args...) //nolint:gosec // a found program
	cmd.SysProcAttr, cmd.Dir = s.owner, s.dir
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	s.process, s.ended = cmd.Process, make(chan struct{})
	go func() {
		defer close(s.ended)
		_ = cmd.Wait()
	}()
	return nil
}

// answers waits until the server does, or has ended.
func (s *Server) answers(deadline time.Time) bool {
	for time.Now().Before(deadline) {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		conn, err := pgx.Connect(ctx, s.URL())
		if err == nil {
			_ = conn.Close(ctx)
		}
		cancel()
		if err == nil {
			return true
		}
		select {
		case <-s.ended:
			return false
		case <-time.After(startPause):
		}
	}
	return false
}
