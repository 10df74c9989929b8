// Command oneton is a 1:N face identification server; see README.md.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"
)

type commands struct {
	Demo       demoCommand       `cmd:"" help:"Enrol and search the demo photos through a server of its own."`
	Serve      serveCommand      `cmd:"" help:"Serve the APIs."`
	Doctor     doctorCommand     `cmd:"" help:"Say why a server does not start or does not work, in a line each, and change nothing."`
	Health     healthCommand     `cmd:"" help:"Ask a server on this machine whether it is ready."`
	Gallery    galleryCommand    `cmd:"" help:"Manage galleries, the sets of people that are searched together."`
	Enrol      enrolCommand      `cmd:"" help:"Enrol a person by photos, or add photos to one."`
	Search     searchCommand     `cmd:"" help:"Say whom a photo shows, if anyone of a gallery."`
	Verify     verifyCommand     `cmd:"" help:"Say whether a photo shows a person of a gallery."`
	Compare    compareCommand    `cmd:"" help:"Say whether two photos show the same person; nothing is stored."`
	Detect     detectCommand     `cmd:"" help:"Find the faces of a photo and tell how good they are."`
	Import     importCommand     `cmd:"" help:"Enrol many people at once, from folders, tables (CSV), lines of JSON or ZIP archives."`
	Subject    subjectCommand    `cmd:"" help:"Read, change and delete people of a gallery."`
	Webhook    webhookCommand    `cmd:"" help:"Manage where events are sent, and what became of them."`
	Job        jobCommand        `cmd:"" help:"Look at what a server does that takes long, and end it."`
	Models     modelsCommand     `cmd:"" help:"Manage model packs: what is installed, and whether it is what it should be."`
	Tenant     tenantCommand     `cmd:"" help:"Manage tenants."`
	Key        keyCommand        `cmd:"" help:"Manage API keys."`
	Account    accountCommand    `cmd:"" help:"Find the tenant of a verified email address and phone number."`
	Secret     secretCommand     `cmd:"" help:"Manage the secret that keys are made under."`
	Keys       keysCommand       `cmd:"" help:"Manage the keys that identity tokens are sealed under."`
	Signing    signingCommand    `cmd:"" help:"Manage the keys that tokens and results are signed with."`
	FacePolicy facePolicyCommand `cmd:"" help:"Manage what clients' face sessions are like."`
	Audit      auditCommand      `cmd:"" help:"Read who changed what, the newest first."`
	Erased     erasedCommand     `cmd:"" help:"Wait until nothing that was deleted is left in the database's files."`
	Erasures   erasuresCommand   `cmd:"" help:"Keep what was deleted and revoked apart from the database, and do it again after a restore."`
	Retention  retentionCommand  `cmd:"" help:"Look at what retention would delete; vouch for the clock."`
	Index      indexCommand      `cmd:"" help:"Look at the index, compare it with the database, build it anew."`
	Export     galleryExport     `cmd:"" help:"Write a gallery into an archive that another server can take in, as 'gallery export' does."`
	Backup     backupCommand     `cmd:"" help:"Write all that the database holds into a file, beside running servers."`
	Restore    restoreCommand    `cmd:"" help:"Make a database of a backup, where there is none."`
	Copy       copyCommand       `cmd:"" help:"Copy a database into an empty one, from SQLite to PostgreSQL or back, and compare."`
	Calibrate  calibrateCommand  `cmd:"" help:"Measure thresholds on your own photos of people."`
	Setup      setupCommand      `cmd:"" help:"Fetch ONNX Runtime's library and the models, each pinned by version and SHA-256."`
	Completion completionCommand `cmd:"" help:"Print the code by which a shell completes this program's command lines."`
	Man        manCommand        `cmd:"" help:"Print the manual page, or write one for each command."`
	Version    versionCommand    `cmd:"" help:"Say which version this is, and what it computes with."`
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run runs the command that the arguments name, and returns its exit code.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signals(context.Background())
	defer stop()
	ended := -1
	parser, err := parserOf(ctx, stdout, stderr, func(code int) { ended = code })
	if err != nil {
		return report(stderr, err)
	}
	answerShell(parser)
	if ended >= 0 { // a shell has asked
		return ended
	}
	k, err := parser.Parse(args)
	switch {
	case ended >= 0: // help was asked for, and printed
		return ended
	case err != nil:
		return report(stderr, usageError(err))
	}
	err = k.Run()
	if interrupt := interrupted(ctx); err != nil && interrupt != 0 {
		fmt.Fprintln(stderr, "oneton: interrupted")
		return interrupt
	}
	return report(stderr, err)
}

// parserOf is the parser of all commands.
func parserOf(ctx context.Context, stdout, stderr io.Writer, exit func(int)) (*kong.Kong, error) {
	return kong.New(&commands{}, kong.Name("oneton"), kong.Description("1:N face identification, self-hosted."),
		kong.Writers(stdout, stderr), kong.Exit(exit), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Vars{"env_server": serverVariable, "env_key": keyVariable, "env_key_file": keyFileVariable})
}
