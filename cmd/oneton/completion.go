package main

import (
	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
	"github.com/posener/complete"
)

type completionCommand struct {
	Shell string `arg:"" help:"The shell: bash, zsh or fish." enum:"bash,zsh,fish"`
}

// Help says what to do with what is printed.
func (completionCommand) Help() string {
	return `For this session of bash or zsh: source <(oneton completion bash). For good: put that line into ~/.bashrc or ~/.zshrc, with the shell's name. In fish: oneton completion fish > ~/.config/fish/completions/oneton.fish.`
}

// Run prints the code.
func (c *completionCommand) Run(k *kong.Context) error {
	return (&kongcompletion.Completion{Shell: c.Shell, Code: true}).Run(k)
}

// answerShell answers a shell that asks for the next word of a command line.
func answerShell(parser *kong.Kong) {
	kongcompletion.Register(parser, kongcompletion.WithPredictor("file", complete.PredictFiles("*")))
}
