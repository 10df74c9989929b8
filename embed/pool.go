package embed

import (
	"context"
	"sync"

	"oneton/embed/picture"
)

// worker is the memory that one photo needs while it is computed.
type worker struct {
	decoder picture.Decoder
	frame   []float32
	input   []float32
	crop    *picture.Raster
}

// pool hands out its workers, and lets a bounded number of callers wait.
type pool struct {
	free   chan *worker
	tokens chan struct{}
	closed chan struct{}
	once   sync.Once
}

// newPool makes workers whose frames have the given number of values.
func newPool(workers, queue, frame int) *pool {
	p := &pool{
		free:   make(chan *worker, workers),
		tokens: make(chan struct{}, workers+queue),
		closed: make(chan struct{}),
	}
	for range workers {
		p.free <- &worker{
			frame: make([]float32, frame),
			input: make([]float32, 3*cropSide*cropSide),
			crop:  picture.NewRaster(cropSide, cropSide),
		}
	}
	return p
}

// acquire waits for a worker. It is ErrBusy at once when as many callers wait
// as may, ErrClosed, or the context's error.
func (p *pool) acquire(ctx context.Context) (*worker, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-p.closed:
		return nil, ErrClosed
	default:
	}
	select {
	case p.tokens <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	select {
	case w := <-p.free:
		return w, nil
	case <-ctx.Done():
		<-p.tokens
		return nil, ctx.Err()
	case <-p.closed:
		<-p.tokens
		return nil, ErrClosed
	}
}

func (p *pool) release(w *worker) {
	p.free <- w
	<-p.tokens
}

// close makes acquire fail and waits until every worker is back.
func (p *pool) close() {
	p.once.Do(func() {
		close(p.closed)
		for range cap(p.free) {
			<-p.free
		}
	})
}
