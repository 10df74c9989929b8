package setup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// client is a package client that a machine may have.
type client string

const (
	pip client = "pip"
	npm client = "npm"
)

// download has the client put the archive into dir and returns its path.
func (a archive) download(ctx context.Context, dir string) (string, error) {
	into := filepath.Join(dir, "archive")
	if err := os.Mkdir(into, 0o755); err != nil {
		return "", fmt.Errorf("make a scratch folder: %w", err)
	}
	var command []string
	var err error
	switch a.client {
	case pip:
		command, err = a.pipCommand(ctx, dir, into)
	case npm:
		command, err = a.npmCommand()
	}
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = into
	// Children of the client may hold its output open after it was ended.
	cmd.WaitDelay = time.Second
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", a.failure(err, output.String())
	}
	entries, err := os.ReadDir(into)
	if err != nil {
		return "", fmt.Errorf("read the scratch folder: %w", err)
	}
	if len(entries) != 1 || !entries[0].Type().IsRegular() {
		return "", fmt.Errorf("%w: %s left %d files where one archive was due", ErrDownload, a.client, len(entries))
	}
	return filepath.Join(into, entries[0].Name()), nil
}

// pipCommand asks for exactly one file. The requirement carries the hash, so
// that pip refuses another archive before it runs anything of a source
// distribution; the Python version is given so that every Python gets the same
// wheel.
func (a archive) pipCommand(ctx context.Context, dir, into string) ([]string, error) {
	command, err := findPip(ctx)
	if err != nil {
		return nil, err
	}
	requirements := filepath.Join(dir, "requirements.txt")
	line := fmt.Sprintf("%s==%s --hash=sha256:%s\n", a.name, a.version, a.sha256)
	if err := os.WriteFile(requirements, []byte(line), 0o600); err != nil {
		return nil, fmt.Errorf("write pip's requirements: %w", err)
	}
	command = append(command, "download", "--quiet", "--no-input", "--disable-pip-version-check",
		"--no-deps", "--dest", into, "--requirement", requirements)
	switch {
	case a.source:
		return append(command, "--no-binary", a.name), nil
	case a.platform != "":
		return append(command, "--only-binary", ":all:", "--python-version", "3.12",
			"--implementation", "cp", "--abi", "cp312", "--platform", a.platform), nil
	}
	return append(command, "--only-binary", ":all:"), nil
}

func findPip(ctx context.Context) ([]string, error) {
	for _, name := range []string{"pip", "pip3"} {
		if path, err := exec.LookPath(name); err == nil {
			return []string{path}, nil
		}
	}
	path, err := exec.LookPath("python3")
	if err == nil && exec.CommandContext(ctx, path, "-m", "pip", "--version").Run() == nil {
		return []string{path, "-m", "pip"}, nil
	}
	return nil, fmt.Errorf("%w: install pip (Debian: apt-get install python3-pip), or bring the files by hand", ErrClient)
}

func (a archive) npmCommand() ([]string, error) {
	path, err := exec.LookPath("npm")
	if err != nil {
		return nil, fmt.Errorf("%w: install npm (Debian: apt-get install npm), or bring the files by hand", ErrClient)
	}
	return []string{path, "pack", "--ignore-scripts", a.name + "@" + a.version}, nil
}

// failure makes one sentence of a client's output.
func (a archive) failure(err error, output string) error {
	if errors.Is(err, exec.ErrWaitDelay) || strings.TrimSpace(output) == "" {
		return fmt.Errorf("%w: %s: %w", ErrDownload, a.client, err)
	}
	for _, sign := range unreachable {
		if strings.Contains(output, sign) {
			return fmt.Errorf("%w: %s cannot reach its package registry (%s); check the network, or bring the files by hand",
				ErrDownload, a.client, sign)
		}
	}
	if strings.Contains(output, "DO NOT MATCH THE HASHES") {
		return fmt.Errorf("%w: pip was offered another archive than the pinned one", ErrHash)
	}
	return fmt.Errorf("%w: %s says: %s", ErrDownload, a.client, complaint(output))
}

// unreachable are the words of pip and npm for a registry that does not
// answer.
var unreachable = []string{
	"Temporary failure in name resolution", "Name or service not known", "nodename nor servname",
	"Network is unreachable", "Connection refused", "NewConnectionError", "ConnectTimeoutError",
	"ReadTimeoutError", "ProxyError", "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT",
	"ENETUNREACH", "EHOSTUNREACH",
}

// complaint is the line of the output that says most: the client's first
// error line that is a whole sentence, else its last line.
func complaint(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	for _, line := range lines {
		for _, mark := range []string{"ERROR: ", "npm error ", "npm ERR! "} {
			text, found := strings.CutPrefix(strings.TrimSpace(line), mark)
			if found && !strings.HasPrefix(text, "code ") && !strings.HasSuffix(text, ":") {
				return text
			}
		}
	}
	return strings.TrimSpace(lines[len(lines)-1])
}
