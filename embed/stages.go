package embed

import "context"

// Stages is told of the stages that a photo goes through: queue and decode; detect,
// once for each way that the photo is looked at; recognise, once for each face, from
// where it was found to its template; and liveness.
type Stages interface {
	// Begin begins a stage, whose work has the context; done ends it.
	Begin(ctx context.Context, stage string) (_ context.Context, done func(err error))
}

// unseen is Stages of which nobody is told.
type unseen struct{}

// Begin implements Stages.
func (unseen) Begin(ctx context.Context, _ string) (context.Context, func(error)) {
	return ctx, func(error) {}
}
