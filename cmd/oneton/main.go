// Command oneton is a 1:N face identification server; see README.md.
package main

import (
	"context"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Demo      demoCommand      `cmd:"" help:"Enrol and search the demo photos through a server of its own."`
	Serve     serveCommand     `cmd:"" help:"Serve the APIs."`
	Health    healthCommand    `cmd:"" help:"Ask a server on this machine whether it is ready."`
	Tenant    tenantCommand    `cmd:"" help:"Manage tenants."`
	Key       keyCommand       `cmd:"" help:"Manage API keys."`
	Account   accountCommand   `cmd:"" help:"Find the tenant of a verified email address and phone number."`
	Secret    secretCommand    `cmd:"" help:"Manage the secret that keys are made under."`
	Keys      keysCommand      `cmd:"" help:"Manage the keys that identity tokens are sealed under."`
	Audit     auditCommand     `cmd:"" help:"Read who changed what, the newest first."`
	Erased    erasedCommand    `cmd:"" help:"Wait until nothing that was deleted is left in the database's files."`
	Retention retentionCommand `cmd:"" help:"Look at what retention would delete; vouch for the clock."`
	Index     indexCommand     `cmd:"" help:"Look at the index, compare it with the database, build it anew."`
	Calibrate calibrateCommand `cmd:"" help:"Measure thresholds on your own photos of people."`
	Setup     setupCommand     `cmd:"" help:"Fetch ONNX Runtime's library and the models, each pinned by version and SHA-256."`
	Version   versionCommand   `cmd:"" help:"Say which version this is, and what it computes with."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	k := kong.Parse(&commands{}, kong.Name("oneton"), kong.Description("1:N face identification, self-hosted."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	k.FatalIfErrorf(k.Run())
}
