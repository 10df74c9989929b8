package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"oneton/client"
	"oneton/config"
	"oneton/node"
	"oneton/store"
)

// Variables that say which server is asked, and by which key.
const (
	serverVariable  = "ONETON_SERVER"
	keyVariable     = "ONETON_KEY"
	keyFileVariable = "ONETON_KEY_FILE"
)

// maxLine is the most that is read of a file of a secret.
const maxLine = 8192

// target is what a command works on: a server, or a data folder that no other process
// has open. Either way it is a client that the command asks.
type target struct {
	settings
	Server  string `help:"URL of the server to ask, such as http://127.0.0.1:8080. Left out, ${env_server} says it, and without that the command works on the data folder itself." placeholder:"URL" group:"server"`
	KeyFile string `help:"File of the API key, - for standard input; left out, ${env_key} is the key, or ${env_key_file} its file." placeholder:"FILE" group:"server" predictor:"file"`
	Key     string `hidden:"" help:"Refused: everybody on the machine sees command lines."`
	Tenant  string `help:"Whose the galleries are, where the command works on the data folder itself; left out, the only tenant's." placeholder:"ID" group:"server"`
}

// errKeyShown refuses a key where others can read it.
var errKeyShown = errors.New("a key on the command line is seen by everybody on this machine: take it for known, revoke it with 'oneton key revoke', and give another in " + keyVariable + " or with --key-file")

// with asks the target.
func (t target) with(ctx context.Context, do func(context.Context, *client.Client) error) error {
	return t.ask(ctx, false, do)
}

// begin is with where the data folder may begin.
func (t target) begin(ctx context.Context, do func(context.Context, *client.Client) error) error {
	return t.ask(ctx, true, do)
}

func (t target) ask(ctx context.Context, begin bool, do func(context.Context, *client.Client) error) error {
	server := t.Server
	if server == "" && t.Data == "" {
		server = os.Getenv(serverVariable)
	}
	switch {
	case t.Key != "":
		return usage{errKeyShown}
	case t.Server != "" && t.Data != "":
		return usage{errors.New("--server and --data exclude each other: the first asks a server, the second works on a folder that no server has open")}
	case server != "" && t.Tenant != "":
		return usage{errors.New("--tenant is for data folders: a server takes the tenant whose the key is")}
	case server == "":
		return t.local(ctx, begin, do)
	}
	key, err := t.key()
	if err != nil {
		return err
	}
	c, err := client.New(client.Config{URL: server, Key: key, UserAgent: "oneton/" + built().Version})
	if err != nil {
		return err
	}
	defer c.Close()
	return do(ctx, c)
}

// key reads the API key.
func (t target) key() (string, error) {
	path := t.KeyFile
	if key := os.Getenv(keyVariable); path == "" && key != "" {
		return strings.TrimSpace(key), nil
	}
	if path = cmp.Or(path, os.Getenv(keyFileVariable)); path == "" {
		return "", usage{errNoKey}
	}
	return firstLine("key", path)
}

// errNoKey says where a key comes from.
var errNoKey = errors.New("a server wants an API key: set " + keyVariable + ", or name a file of it with --key-file; 'oneton key create TENANT' makes one where the server's data are")

// firstLine is the first line of a file, without blanks at its ends; - is standard
// input. So secrets come to a command that nobody else is to see.
func firstLine(what, path string) (string, error) {
	var in io.Reader = os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", usage{fmt.Errorf("read %s: %w", what, err)}
		}
		defer f.Close()
		in = f
	}
	line, err := bufio.NewReader(io.LimitReader(in, maxLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read %s: %w", what, err)
	}
	if line = strings.TrimSpace(line); line == "" {
		return "", usage{fmt.Errorf("read %s: nothing stands in the first line of %s", what, path)}
	}
	return line, nil
}

// local opens the data folder in this process, and asks that.
func (t target) local(ctx context.Context, begin bool, do func(context.Context, *client.Client) error) (err error) {
	cfg, err := t.load(nil)
	if err != nil {
		return err
	}
	if cfg.Log == config.Default().Log {
		cfg.Log = config.Log{Level: "warn", Format: "text"}
	}
	log, err := node.NewLogger(cfg.Log, os.Stderr)
	if err != nil {
		return err
	}
	fresh := node.Begun(cfg) != nil
	l, err := node.OpenLocal(ctx, node.LocalConfig{Config: cfg, Tenant: store.TenantID(t.Tenant), Begin: begin}, log)
	if err != nil {
		return opened(err)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if fresh {
		fmt.Fprintf(os.Stderr, "new data folder: %s\n", cfg.Data)
	}
	transport := &http.Transport{DialContext: l.Dial}
	c, err := client.New(client.Config{
		URL: "http://localhost", Key: l.Key, HTTP: &http.Client{Transport: transport}, UserAgent: "oneton/" + built().Version,
	})
	if err != nil {
		return err
	}
	defer c.Close()
	return do(ctx, c)
}

// opened says what to do about a data folder that cannot be opened.
func opened(err error) error {
	var open *node.OpenError
	if errors.As(err, &open) && open.Address != "" {
		return fmt.Errorf("%w: ask it, with --server http://%s and a key in %s, or stop it", err, node.Reachable(open.Address), keyVariable)
	}
	if errors.Is(err, node.ErrNoData) {
		return fmt.Errorf("%w; a server is asked with --server URL or %s", err, serverVariable)
	}
	return err
}
