package node

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/rs/zerolog"

	"oneton/config"
)

// warnOfReaders logs which of the files that hold templates and keys others of
// this machine may read or write. oneton makes them private, but it neither
// changes, except the database's, nor refuses modes that it finds: a group may
// be meant to read a backup's folder, and where secrets are mounted their modes
// are not the owner's choice.
func warnOfReaders(cfg config.Config, log zerolog.Logger) {
	if runtime.GOOS == "windows" {
		return // modes say nothing there
	}
	const others = 0o077
	database := filepath.Join(cfg.Data, "oneton.db")
	for _, path := range []string{cfg.Data, secretPath(cfg), database, database + "-wal", filepath.Join(cfg.Data, "index")} {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			log.Warn().Err(err).Msg("it cannot be told who may read a file that holds templates or keys")
		case info.Mode().Perm()&others != 0:
			log.Warn().Str("path", path).Stringer("mode", info.Mode().Perm()).
				Msg("others of this machine may read or change what holds templates or keys; 'chmod go= PATH' makes it private")
		}
	}
}
