package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// exitMeaning is what an exit code means.
type exitMeaning struct{ code, means string }

// exitMeanings are all of them.
func exitMeanings() []exitMeaning {
	return []exitMeaning{
		{"0", "done; of a question, yes"},
		{"1", "it failed, and what is said tells why"},
		{"2", "the command line or a setting is wrong"},
		{"3", "the answer is no: nobody was found (also where `--insert` enrolled whom nobody knew), it is not the person, there is no face, a receiver did not take a test"},
		{"4", "refused, and it will be again: a photo that cannot be used, a key that may not, a name that is taken or is not there"},
		{"5", "no answer, or one that says to come again: no server there, one that is busy, a data folder that another process has open"},
		{"130, 143", "ended by SIGINT, by SIGTERM"},
	}
}

// exitCodes are the codes in one text.
func exitCodes() string {
	var b strings.Builder
	for _, c := range exitMeanings() {
		fmt.Fprintf(&b, "%s: %s.\n\n", c.code, strings.ReplaceAll(c.means, "`", ""))
	}
	return b.String()
}

// writeReference writes docs/commands.md, what is said of every command.
func writeReference(w io.Writer, app *kong.Application) {
	fmt.Fprint(w, `# Commands
`+"`oneton` is one program; `oneton COMMAND --help` says what stands here, which is made from the same source. [The guide of the client](client.md) tells how to call a server from Go, and [the API guide](api.md) what the answers mean."+`

## What a command works on
Commands about people, galleries, webhooks and jobs ask a server: `+"`--server URL`, or `ONETON_SERVER`, with an API key in `ONETON_KEY` or in a file that `--key-file` or `ONETON_KEY_FILE` names (`-` is standard input). No key is taken from the command line, which everybody on the machine can read."+`

`+"Without a server they work on the data folder itself (`--data`, or the settings): the command opens it, as a server would, for as long as it runs, under a key that is nowhere else and ends with it; audits tell its changes as those of `command`. A folder that a server or another command has open is refused by name. `gallery create` lets a folder begin. Opening the models takes a second or so each time: for many photos use `import`, or a server."+`

## Results and exit codes
`+"Results are on standard output, and everything else on standard error. `--json` prints one JSON document, and of lists one line for each row (ndjson); the fields of what a server answers are [the API's](api.md). A command that is interrupted has done what it said, and nothing half."+`

| code | means |
|---|---|
`)
	for _, c := range exitMeanings() {
		fmt.Fprintf(w, "| %s | %s |\n", c.code, c.means)
	}
	fmt.Fprint(w, "\n## Completion and manual pages\n`source <(oneton completion bash)` in `~/.bashrc`, the same with `zsh` in `~/.zshrc`, and `oneton completion fish > ~/.config/fish/completions/oneton.fish`. `oneton man --to /usr/local/share/man/man1` writes the manual pages, from this source, too.\n")
	common := sharedFlags(app.Node)
	fmt.Fprint(w, "\n## Flags of many commands\n| flag | means |\n|---|---|\n")
	for _, f := range common {
		writeFlag(w, f)
	}
	for _, node := range app.Children {
		fmt.Fprintf(w, "\n## %s\n%s\n", node.Name, node.Help)
		writeCommand(w, node, common)
	}
}

func writeCommand(w io.Writer, node *kong.Node, common []*kong.Flag) {
	if node.Leaf() {
		fmt.Fprintf(w, "\n```\noneton %s\n```\n", node.Summary())
		var rows strings.Builder
		for _, p := range node.Positional {
			fmt.Fprintf(&rows, "| `%s` | %s |\n", p.Summary(), cell(p.Help))
		}
		for _, f := range node.Flags {
			if !slices.ContainsFunc(common, func(c *kong.Flag) bool { return sameFlag(c, f) }) {
				writeFlag(&rows, f)
			}
		}
		if rows.Len() > 0 {
			fmt.Fprintf(w, "\n| | |\n|---|---|\n%s", rows.String())
		}
		return
	}
	for _, child := range node.Children {
		fmt.Fprintf(w, "\n### %s\n%s\n", child.FullPath(), child.Help)
		writeCommand(w, child, common)
	}
}

func writeFlag(w io.Writer, f *kong.Flag) {
	short := ""
	if f.Short != 0 {
		short = fmt.Sprintf("`-%c`, ", f.Short)
	}
	fmt.Fprintf(w, "| %s`%s` | %s |\n", short, strings.ReplaceAll(f.Summary(), "|", `\|`), cell(f.Help))
}

// cell is a text in a cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// manyCommands is how many have to have a flag for it to be told once.
const manyCommands = 5

// sharedFlags are flags that many commands have, all alike.
func sharedFlags(root *kong.Node) []*kong.Flag {
	var found []*kong.Flag
	times := map[*kong.Flag]int{}
	var walk func(*kong.Node)
	walk = func(node *kong.Node) {
		for _, f := range node.Flags {
			i := slices.IndexFunc(found, func(other *kong.Flag) bool { return sameFlag(other, f) })
			if i < 0 {
				found = append(found, f)
				i = len(found) - 1
			}
			times[found[i]]++
		}
		for _, child := range node.Children {
			walk(child)
		}
	}
	walk(root)
	return slices.DeleteFunc(found, func(f *kong.Flag) bool { return times[f] < manyCommands && f.Name != "help" })
}

func sameFlag(a, b *kong.Flag) bool { return a.Name == b.Name && a.Help == b.Help }
