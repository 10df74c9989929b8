package node

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/store"
)

// galleries is what the local node answers who asks it for its galleries.
func galleries(t *testing.T, l *Local, key string) int {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{DialContext: l.Dial}}
	defer c.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://local/v1/galleries", nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := c.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

// A folder is either a command's alone or servers' together, and whoever comes second
// is told who has it. Nothing is left of the command's key.
func TestLocalHasTheFolderAlone(t *testing.T) {
	cfg := LocalConfig{Config: config.Default(), Parts: Parts{Embedder: versioned{version: "1"}}}
	cfg.Data = t.TempDir()
	_, err := OpenLocal(t.Context(), cfg, zerolog.Nop())
	require.ErrorIs(t, err, ErrNoData)
	cfg.Begin = true
	l, err := OpenLocal(t.Context(), cfg, zerolog.Nop())
	require.NoError(t, err)
	require.EqualValues(t, FirstTenant, l.Tenant)
	require.Equal(t, http.StatusOK, galleries(t, l, l.Key))
	require.Equal(t, http.StatusUnauthorized, galleries(t, l, l.Key+"x"))
	require.Equal(t, http.StatusUnauthorized, galleries(t, l, "ot_command_"))

	_, err = OpenLocal(t.Context(), cfg, zerolog.Nop())
	require.ErrorIs(t, err, ErrOpen)
	require.ErrorContains(t, err, "a command of oneton")
	key := l.Key
	require.NoError(t, l.Close())

	// Two servers share it, as before.
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 2)
	var addresses []string
	for range 2 {
		other := cfg.Config
		other.Index.Save = 0 // one process saves
		n, err := OpenWith(ctx, other, zerolog.Nop(), cfg.Parts)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, n.Close()) })
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		addresses = append(addresses, ln.Addr().String())
		go func() { served <- n.Serve(ctx, ln) }()
		require.Eventually(t, func() bool {
			res, err := http.Get("http://" + ln.Addr().String() + "/livez")
			return err == nil && res.Body.Close() == nil
		}, 10*time.Second, 10*time.Millisecond)
	}
	_, err = OpenLocal(t.Context(), cfg, zerolog.Nop())
	var open *OpenError
	require.ErrorAs(t, err, &open)
	require.Equal(t, addresses[1], open.Address, "where the last one listens")
	stop()
	require.NoError(t, <-served)
	require.NoError(t, <-served)

	l, err = OpenLocal(t.Context(), cfg, zerolog.Nop())
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, galleries(t, l, key), "a key ends with its command")
	keys, err := l.node.Truth.Access.List(t.Context(), FirstTenant)
	require.NoError(t, err)
	require.Empty(t, keys)

	n, err := OpenWith(t.Context(), cfg.Config, zerolog.Nop(), Parts{Embedder: versioned{version: "1"}})
	if err == nil { // where one process alone may save the index, it is refused before
		ln, lerr := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, lerr)
		err = n.Serve(t.Context(), ln)
		require.ErrorIs(t, err, ErrCommand)
		require.NoError(t, n.Close())
	}
	require.Error(t, err)
	require.NoError(t, l.Close())
}

// Whom a command acts for is told, or is the only one whom it can mean.
func TestTenantOfALocal(t *testing.T) {
	cfg := LocalConfig{Config: config.Default(), Parts: Parts{Embedder: versioned{version: "1"}}}
	cfg.Data = t.TempDir()
	truth, err := OpenTruth(t.Context(), cfg.Config)
	require.NoError(t, err)
	open := func(tenant, want store.TenantID) {
		t.Helper()
		got, err := truth.tenant(t.Context(), tenant)
		if want == "" {
			require.ErrorIs(t, err, ErrTenant)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	open("", "")
	_, err = truth.Access.CreateTenant(t.Context(), "acme", "")
	require.NoError(t, err)
	open("", "acme")
	open("other", "")
	_, err = truth.Access.CreateTenant(t.Context(), "other", "")
	require.NoError(t, err)
	open("", "")
	open("other", "other")
	_, err = truth.Access.CreateTenant(t.Context(), FirstTenant, "")
	require.NoError(t, err)
	open("", FirstTenant)
	require.NoError(t, truth.Close())
}
