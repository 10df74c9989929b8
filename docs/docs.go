// Package docs is the documents as they stand in the tree, for servers to hand out.
package docs

import (
	"embed"
	"io/fs"
)

//go:embed llms.txt *.md tutorials/*.md moving/*.md reference/*.md
var files embed.FS

// Files are the documents, by their paths in this folder.
func Files() fs.FS { return files }
