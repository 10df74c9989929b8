package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/alecthomas/kong"
	mangokong "github.com/alecthomas/mango-kong"
	"github.com/muesli/roff"
)

type manCommand struct {
	To string `help:"Folder to write a page of the program and one of each command to, such as /usr/local/share/man/man1; left out, the program's page is printed." type:"path" predictor:"file"`
}

// manSection is that of programs.
const manSection = 1

// Run prints or writes the pages.
func (c *manCommand) Run(k *kong.Context) error {
	app := k.Model
	visible(app.Node)
	if c.To == "" {
		_, err := io.WriteString(k.Stdout, manPage(app))
		return err
	}
	if err := os.MkdirAll(c.To, 0o755); err != nil { //nolint:gosec // manual pages are for everybody
		return fmt.Errorf("make folder of pages: %w", err)
	}
	pages := []*kong.Application{app}
	for _, node := range app.Children {
		page := *node
		page.Name = app.Name + "-" + node.Name
		pages = append(pages, &kong.Application{Node: &page})
	}
	for _, page := range pages {
		path := filepath.Join(c.To, fmt.Sprintf("%s.%d", page.Name, manSection))
		if err := os.WriteFile(path, []byte(manPage(page)), 0o644); err != nil { //nolint:gosec // as above
			return fmt.Errorf("write page: %w", err)
		}
	}
	return nil
}

func manPage(app *kong.Application) string {
	return mangokong.NewManPage(manSection, app).
		WithSection("Exit codes", exitCodes()).
		Build(roff.NewDocument())
}

// visible leaves out of a command, and of all below it, what is hidden.
func visible(node *kong.Node) {
	node.Flags = slices.DeleteFunc(node.Flags, func(f *kong.Flag) bool { return f.Hidden })
	for _, child := range node.Children {
		visible(child)
	}
}

// modelOf is the tree of all commands, without what is hidden.
func modelOf() (*kong.Application, error) {
	parser, err := parserOf(context.Background(), io.Discard, io.Discard, func(int) {})
	if err != nil {
		return nil, err
	}
	visible(parser.Model.Node)
	return parser.Model, nil
}
