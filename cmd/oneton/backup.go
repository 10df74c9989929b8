package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"filippo.io/age"

	"oneton/backup"
	"oneton/config"
	"oneton/node"
)

type backupCommand struct {
	settings
	output
	sealing
	Path       string `arg:"" help:"The file to make, or a folder in which it gets a name by the time." type:"path"`
	WithSecret bool   `help:"Put the secret into the backup, too. It is encrypted then."`
}

// sealing are the flags that say how a backup is encrypted.
type sealing struct {
	PassphraseFile string   `help:"File whose first line is the passphrase; or the environment, ONETON_PASSPHRASE." type:"existingfile"`
	Recipient      []string `help:"Public key of age (age1…) whose owner can open it; may be given several times."`
}

// backupTimes names backups so that they sort by age.
const backupTimes = "20060102T150405Z"

var errSecretInClear = errors.New("the secret goes into no backup in clear: give --passphrase-file, ONETON_PASSPHRASE or --recipient")

// Run writes the backup and reads it again before it gets its name.
func (c *backupCommand) Run(ctx context.Context) error {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	recipients, err := c.recipients()
	if err != nil {
		return err
	}
	if c.WithSecret && len(recipients) == 0 {
		return usage{errSecretInClear}
	}
	path := c.Path
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "oneton-"+time.Now().UTC().Format(backupTimes)+".backup")
	}
	var totals backup.Totals
	var done rowsDone
	shown := showProgress(os.Stderr, done.stage)
	err = backup.Create(path, func(w io.Writer) error {
		sealed, err := backup.Seal(w, recipients...)
		if err != nil {
			return err
		}
		if totals, err = node.Backup(ctx, cfg, sealed, built().Version, c.WithSecret, done.tell); err != nil {
			return err
		}
		return sealed.Close()
	})
	shown.end()
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return c.say(told{File: path, Bytes: info.Size(), Rows: totals.Rows(), Position: totals.Position, Totals: totals.Tables},
		"%s: %d rows of %d tables up to position %d, %d bytes", path, totals.Rows(), len(totals.Tables), totals.Position, info.Size())
}

// told is what the commands say of a backup or a copy.
type told struct {
	File     string                  `json:"file,omitempty"`
	Bytes    int64                   `json:"bytes,omitempty"`
	Manifest *backup.Manifest        `json:"backup,omitempty"`
	Rows     int64                   `json:"rows"`
	Position int64                   `json:"position"`
	Totals   map[string]backup.Total `json:"tables"`
	// Secret is the file in which a restored database's secret is to be, and Placed
	// tells whether it is there.
	Secret string `json:"secret,omitempty"`
	Placed bool   `json:"secret_placed,omitempty"`
	// Erasures are those that were done again.
	Erasures *node.Replayed `json:"erasures,omitempty"`
}

// recipients are who can open a backup; none where it is not encrypted.
func (s sealing) recipients() (all []age.Recipient, err error) {
	pass, err := passphrase(s.PassphraseFile)
	switch {
	case err != nil:
		return nil, err
	case pass != "" && len(s.Recipient) > 0:
		return nil, usage{errors.New("a backup has either a passphrase or recipients")}
	case pass != "":
		r, err := age.NewScryptRecipient(pass)
		if err != nil {
			return nil, fmt.Errorf("read passphrase: %w", err)
		}
		return []age.Recipient{r}, nil
	}
	for _, text := range s.Recipient {
		r, err := age.ParseX25519Recipient(text)
		if err != nil {
			return nil, fmt.Errorf("read recipient: %w", err)
		}
		all = append(all, r)
	}
	return all, nil
}

// passphrase is the first line of the file or, without one, what the environment says.
func passphrase(path string) (string, error) {
	if path == "" {
		return os.Getenv("ONETON_PASSPHRASE"), nil
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read passphrase: %w", err)
	}
	first, _, _ := strings.Cut(string(file), "\n")
	if first = strings.TrimSuffix(first, "\r"); first == "" {
		return "", fmt.Errorf("read passphrase: the first line of %s is empty", path)
	}
	return first, nil
}

type restoreCommand struct {
	settings
	output
	opening
	File     string `arg:"" help:"The backup." type:"existingfile"`
	Check    bool   `help:"Read the backup to its end and restore nothing."`
	Erasures string `help:"File of 'oneton erasures save': what was deleted and revoked since the backup was made is so again." type:"existingfile" placeholder:"FILE"`
}

// opening are the flags by which an encrypted backup is opened.
type opening struct {
	PassphraseFile string `help:"File whose first line is the passphrase; or the environment, ONETON_PASSPHRASE." type:"existingfile"`
	Identity       string `help:"File with private keys of age, as age-keygen writes it." type:"existingfile"`
}

// Run makes of the backup what it was made of.
func (c *restoreCommand) Run(ctx context.Context) error {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	var m backup.Manifest
	var totals backup.Totals
	var r node.Restored
	err = c.open(c.File, func(b *backup.Reader, tell backup.Progress) (err error) {
		m = b.Manifest
		if c.Check {
			totals, err = b.Check(tell)
			return err
		}
		r, err = node.Restore(ctx, cfg, b, tell)
		return err
	})
	switch {
	case err != nil:
		return err
	case c.Check:
		return c.say(told{Manifest: &m, Rows: totals.Rows(), Position: totals.Position, Totals: totals.Tables},
			"whole: made %s by oneton %s on %s, %d rows of %d tables up to position %d, %s", m.Made.Format(time.RFC3339), m.Program,
			m.Schema.Engine, totals.Rows(), len(totals.Tables), totals.Position, map[bool]string{true: "with the secret", false: "without the secret"}[m.Secret])
	}
	said := told{Manifest: &m, Rows: r.Rows(), Position: r.Position, Totals: r.Tables, Secret: r.Secret, Placed: r.Placed}
	if c.Erasures != "" {
		again, err := c.replay(ctx, c.settings, c.Erasures, m.Made)
		if err != nil {
			return fmt.Errorf("the backup is restored, but who was deleted since is there again until this is done: oneton erasures replay %s --since %s: %w", c.Erasures, m.Made.Format(time.RFC3339), err)
		}
		said.Erasures = &again
	}
	return c.print(said, func(out io.Writer) error {
		fmt.Fprintf(out, "restored %d rows of %d tables up to position %d, as of %s, and compared them with the backup\n",
			r.Rows(), len(r.Tables), r.Position, m.Made.Format(time.RFC3339))
		if !r.Placed {
			fmt.Fprintf(out, "the backup has no secret: copy the one of that installation to %s before a server starts\n", r.Secret)
		}
		if said.Erasures != nil {
			return tellReplayed(out, *said.Erasures)
		}
		_, err := fmt.Fprintf(out, "whoever was deleted since %s is there again, and what was revoked is valid: before a server starts, run 'oneton erasures replay FILE --since %[1]s', or delete and revoke anew\n", m.Made.Format(time.RFC3339))
		return err
	})
}

// open reads a backup's file, and shows how far do has come with it.
func (o opening) open(path string, do func(*backup.Reader, backup.Progress) error) error {
	identities, err := o.identities()
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	done := &rowsDone{file: &counter{r: f}, size: info.Size()}
	plain, err := backup.Open(done.file, identities...)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	defer plain.Close()
	b, err := backup.NewReader(plain)
	if err == nil {
		shown := showProgress(os.Stderr, done.stage)
		err = do(b, done.tell)
		shown.end()
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// counter counts what is read.
type counter struct {
	r io.Reader
	n atomic.Int64
}

// Read implements io.Reader.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

func (o opening) identities() ([]age.Identity, error) {
	if o.Identity != "" {
		f, err := os.Open(o.Identity)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return age.ParseIdentities(f)
	}
	pass, err := passphrase(o.PassphraseFile)
	if err != nil || pass == "" {
		return nil, err
	}
	id, err := age.NewScryptIdentity(pass)
	if err != nil {
		return nil, fmt.Errorf("read passphrase: %w", err)
	}
	return []age.Identity{id}, nil
}

type copyCommand struct {
	settings
	output
	From string `help:"Where the rows are: a data folder, or postgres://…" required:""`
	To   string `help:"Where they go: a folder that is empty or not there, or an empty database, postgres://…" required:""`
}

// Run copies one database into another and compares them.
func (c *copyCommand) Run(ctx context.Context) error {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	from, to := database(cfg, c.From), database(cfg, c.To)
	var done rowsDone
	shown := showProgress(os.Stderr, done.stage)
	totals, err := node.Copy(ctx, from, to, done.tell)
	shown.end()
	if err != nil {
		return err
	}
	return c.say(told{Rows: totals.Rows(), Position: totals.Position, Totals: totals.Tables},
		"copied %d rows of %d tables up to position %d, and compared them; the servers of the copy need the same secret",
		totals.Rows(), len(totals.Tables), totals.Position)
}

// database are the settings with the database that the text names.
func database(cfg config.Config, name string) config.Config {
	if strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://") {
		cfg.Store.Driver, cfg.Store.URL = "postgres", name
		return cfg
	}
	cfg.Store.Driver, cfg.Store.URL, cfg.Data, cfg.Secret = "sqlite", "", name, ""
	return cfg
}
