// Command bench measures what oneton claims: each subcommand but moments one
// claim, as a ratio against a peer or a physical limit of the same run where
// there is one, written to a JSON file in bench/results.
package main

import (
	"context"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Ablation        ablationCommand        `cmd:"" help:"What each choice in the way from photo to answer is worth."`
	Accuracy        accuracyCommand        `cmd:"" help:"How often known people are missed and strangers answered, on labelled photos."`
	Backup          backupCommand          `cmd:"" help:"A backup, its check, a restore and a copy, beside SQLite's own copy of the same database."`
	Credentials     credentialsCommand     `cmd:"" help:"Whether times of answers tell pairs of addresses with an account from others."`
	Decoders        decodersCommand        `cmd:"" help:"Ten thousand files, whole and damaged, against Pillow and OpenCV: who opens them, which way is up, what they show."`
	Conversion      conversionCommand      `cmd:"" help:"The faces of a database, made by an older version of a pack, for the loaded one."`
	People          peopleCommand          `cmd:"" help:"Pages of a large gallery's people, by filters."`
	Deletions       deletionsCommand       `cmd:"" help:"Enrolments into one gallery while another is deleted."`
	Documents       documentsCommand       `cmd:"" help:"Cards that do not exist, photographed in many ways: how often they are told, their numbers read, and wrong ones believed."`
	Composites      compositesCommand      `cmd:"" help:"Faces turned, tilted, small and crowded in made photos of which all is known."`
	Steps           stepsCommand           `cmd:"" help:"Whether films of stills, of people and of screens pass for the steps of face sessions."`
	Clips           clipsCommand           `cmd:"" help:"Whether films of stills pass for people who blink or smile, and people who do."`
	Connections     connectionsCommand     `cmd:"" help:"What many connections without a valid key take of a running server."`
	Facenition      facenitionCommand      `cmd:"" help:"What making and comparing identity tokens costs beyond the models, and whether a wrong secret is told from a wrong face."`
	Hostile         hostileCommand         `cmd:"" help:"What crafted photos cost a worker, and another tenant beside a flood of them."`
	Import          importsCommand         `cmd:"" help:"Importing people, beside decoding and inference alone on all processors: rate and memory."`
	Index           indexCommand           `cmd:"" help:"The exact index against Qdrant, by comparing with every template and by a graph."`
	Inserts         insertsCommand         `cmd:"" help:"Searches that insert whom they do not find, beside enrolments into the same gallery."`
	Irreversibility irreversibilityCommand `cmd:"" help:"What attacks on identity tokens bring forth, by what the attacker has."`
	Limits          limitsCommand          `cmd:"" help:"What counting a tenant's requests adds to each, in memory and in a database that processes share."`
	Liveness        livenessCommand        `cmd:"" help:"How often imitated prints and screens pass the liveness check, and real faces do not."`
	MRZ             mrzCommand             `cmd:"" name:"mrz" help:"Machine-readable zones in photos of whole pages, turned, leaning, dark, blurred and small, beside other readers."`
	Observe         observeCommand         `cmd:"" help:"What metrics and traces take of the throughput of searches."`
	Poor            poorCommand            `cmd:"" help:"How often strangers are answered, and known people found, by photos that are poor in many ways."`
	Quality         qualityCommand         `cmd:"" help:"Whether the quality score tells which degraded photos will be missed."`
	Templates       templatesCommand       `cmd:"" help:"Photos to templates, against OpenCV with the same models and photos."`
	Rebuild         rebuildCommand         `cmd:"" help:"The exact index from a database's log, and from its saved files."`
	Saving          savingCommand          `cmd:"" help:"Searches while the exact index is saved, and what an idle server writes."`
	Search          searchCommand          `cmd:"" help:"The exact search core, against memory bandwidth and other engines."`
	Signup          signupCommand          `cmd:"" help:"A signup over HTTP, with a face and a card: how long, and what of it is text, faces and the rest."`
	Serve           serveCommand           `cmd:"" help:"A running server: where a search's time goes, and whether its memory grows."`
	Tokens          tokensCommand          `cmd:"" help:"What making, comparing with, replacing and ending identity tokens costs beside the photos."`
	Unlinkability   unlinkabilityCommand   `cmd:"" help:"Whether identity tokens of one face can be told from those of two, and what they lose in matching."`
	Image           imageCommand           `cmd:"" help:"How large a container image is, and how soon a server of it answers."`
	Moments         momentsCommand         `cmd:"" help:"How a pack's templates are spread, for the bench of search to draw from."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	k := kong.Parse(&commands{}, kong.Name("bench"), kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	k.FatalIfErrorf(k.Run())
}
