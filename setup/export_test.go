package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
)

// Pinned is a manifest of one archive, for tests that make their own.
type Pinned struct {
	Client, SHA256 string
	// Files are the contents to be taken, by name within the archive; they
	// go to the models under the same name without folders.
	Files map[string][]byte
}

// EnsurePinned is Ensure for a manifest of one archive.
func EnsurePinned(ctx context.Context, cfg Config, p Pinned) error {
	s, err := open(cfg)
	if err != nil {
		return err
	}
	a := archive{group: Default, client: client(p.Client), name: "thing", version: "1.0", sha256: p.SHA256, shelf: models}
	for name, content := range p.Files {
		sum := sha256.Sum256(content)
		a.files = append(a.files, file{within: "thing/" + name, name: name, size: int64(len(content)), sha256: hex.EncodeToString(sum[:])})
	}
	return s.ensure(ctx, []archive{a})
}

// ManifestFiles lists every file of the manifest as shelf/name with its hash.
func ManifestFiles() map[string][]string {
	all := map[string][]string{}
	for _, a := range packages {
		for _, f := range a.files {
			key := string(a.shelf) + "/" + f.name
			all[key] = append(all[key], f.sha256)
		}
	}
	return all
}
