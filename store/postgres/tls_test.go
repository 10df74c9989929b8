package postgres_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
)

// certificate is a new certificate for 127.0.0.1 that signs itself.
func certificate(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	pkcs, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs})
}

func TestTLS(t *testing.T) {
	server := postgrestest.Start(t)
	to := server.Database(t)
	cert, key := certificate(t)
	server.WriteFile(t, "server.crt", cert)
	server.WriteFile(t, "server.key", key)
	admin := raw(t, server.URL())
	exec(t, admin, `ALTER SYSTEM SET ssl = on`)
	server.WriteFile(t, "pg_hba.conf", []byte("hostssl all all 127.0.0.1/32 scram-sha-256\n"))
	exec(t, admin, `SELECT pg_reload_conf()`)

	stranger, _ := certificate(t)
	dir := t.TempDir()
	trusted, untrusted := filepath.Join(dir, "ca.crt"), filepath.Join(dir, "stranger.crt")
	require.NoError(t, os.WriteFile(trusted, cert, 0o600))
	require.NoError(t, os.WriteFile(untrusted, stranger, 0o600))

	verified := with(t, with(t, to, "sslmode", "verify-full"), "sslrootcert", trusted)
	require.Eventually(t, func() bool {
		s, err := postgres.Open(t.Context(), postgres.Config{URL: verified})
		return err == nil && s.Close() == nil
	}, patience, 50*time.Millisecond, "the server reloads its configuration")
	s := open(t, postgres.Config{URL: verified})
	newGallery(t, s, "g")
	lease, err := s.Acquire(t.Context(), "follower")
	require.NoError(t, err)
	lease.Release()

	for name, c := range map[string]struct {
		url   string
		cause error
	}{
		"another's certificate": {with(t, with(t, to, "sslmode", "verify-full"), "sslrootcert", untrusted), postgres.ErrTLS},
		"no TLS":                {with(t, to, "sslmode", "disable"), postgres.ErrCredentials},
	} {
		_, err := postgres.Open(t.Context(), postgres.Config{URL: c.url})
		require.ErrorIs(t, err, store.ErrUnavailable, name)
		require.ErrorIs(t, err, c.cause, name)
		_, err = postgres.Look(t.Context(), postgres.Config{URL: c.url})
		require.ErrorIs(t, err, c.cause, name)
	}
}
