package main

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/backup"
)

// log is a writer that several may use.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A restore tells how many rows it has put where, how much of the file that is and
// what is left, as lines where nobody looks on and as a bar on a terminal.
func TestProgressOfARestore(t *testing.T) {
	d := rowsDone{file: &counter{r: strings.NewReader(strings.Repeat("x", 100))}, size: 200}
	require.Equal(t, "beginning", d.stage(time.Second).line(time.Second))
	_, err := io.Copy(io.Discard, d.file)
	require.NoError(t, err)
	d.tell(backup.Written, "faces", 1234)
	require.Equal(t, "50.0 %, 10s left: 1234 rows written, table faces", d.stage(0).line(10*time.Second))
	for name, show := range map[string]func(*progress, io.Writer){"lines": func(p *progress, to io.Writer) { p.lines(to, time.Millisecond) }, "bar": (*progress).bar} {
		var out log
		p := &progress{d.stage, make(chan struct{}), make(chan struct{})}
		go show(p, &out)
		require.Eventually(t, func() bool { return strings.Contains(out.String(), "1234 rows written, table faces") }, time.Minute, time.Millisecond, name)
		p.end()
	}
	d.tell(backup.Compared, "faces", 5)
	require.Equal(t, "5 rows compared, table faces", d.stage(0).line(10*time.Second), "nobody knows how much is left")
}
