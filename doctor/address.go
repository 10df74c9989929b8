package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"syscall"
	"time"

	"oneton/node"
)

var errNotReady = errors.New("the server that runs is not ready")

// lookAtAddress tells whether a server can listen, or whether the one that listens
// there is that of this data folder.
func lookAtAddress(ctx context.Context, p *patient) (string, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", p.cfg.Listen)
	if err == nil {
		if err := ln.Close(); err != nil {
			return "", err
		}
		if p.used {
			return "", fmt.Errorf("%w, and does not listen at %s: %s%s", errHeld, p.cfg.Listen, filepath.Join(p.cfg.Data, "index"), holder(p.cfg.Data))
		}
		return p.cfg.Listen + " is free", nil
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		return "", err
	}
	ready, ours := ask(ctx, node.Reachable(p.cfg.Listen))
	switch {
	case !ours:
		return "", err
	case !p.used && p.cfg.Index.Engine == "exact" && p.cfg.Index.Save > 0:
		return "", fmt.Errorf("a server of another data folder listens at %s: %w", p.cfg.Listen, syscall.EADDRINUSE)
	case ready != "":
		return "", fmt.Errorf("%w: it answers %s", errNotReady, ready)
	}
	return "a server runs at " + p.cfg.Listen + ", and is ready", nil
}

// answerTime bounds the question to a server of this machine, and answerBytes what
// is read of its answer.
const (
	answerTime  = 5 * time.Second
	answerBytes = 1 << 16
)

// ask tells whether a oneton server answers at the address, and what keeps it from
// being ready.
func ask(ctx context.Context, address string) (ready string, ours bool) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	_, body, err := get(ctx, "http://"+address+"/")
	var home struct{ Name string }
	if err != nil || json.Unmarshal(body, &home) != nil || home.Name != "oneton" {
		return "", false
	}
	status, _, err := get(ctx, "http://"+address+"/readyz")
	if err != nil {
		return err.Error(), true
	}
	if status != http.StatusOK {
		return http.StatusText(status), true
	}
	return "", true
}

func get(ctx context.Context, url string) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, answerBytes))
	return resp.StatusCode, body, err
}
