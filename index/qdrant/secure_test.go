package qdrant_test

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

	"oneton/index"
	"oneton/index/qdrant"
	"oneton/index/qdrant/qdranttest"
)

// certificate writes a certificate of 127.0.0.1 that signs itself, and its key.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "qdrant"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	cert, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return certFile, keyFile
}

func TestTLSAndKey(t *testing.T) {
	cert, key := certificate(t)
	server := qdranttest.Start(t, "QDRANT__SERVICE__API_KEY=right", "QDRANT__SERVICE__ENABLE_TLS=true",
		"QDRANT__TLS__CERT="+cert, "QDRANT__TLS__KEY="+key)
	good := config(server.Address())
	good.APIKey, good.TLS, good.CA = "right", true, cert
	x := open(t, good)
	s := newScope()
	faces := people(newRand(17), s, 3, dimension)
	require.NoError(t, x.Apply(t.Context(), faces, number(0, faces)))
	n, err := x.Faces(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, 3, n)

	for name, change := range map[string]func(*qdrant.Config){
		"no key":      func(c *qdrant.Config) { c.APIKey = "" },
		"a wrong key": func(c *qdrant.Config) { c.APIKey = "wrong" },
		"no TLS":      func(c *qdrant.Config) { c.TLS, c.CA = false, "" },
		"not trusted": func(c *qdrant.Config) { c.CA = "" },
	} {
		bad := good
		bad.Timeout, bad.WriteTimeout = time.Second, time.Second
		change(&bad)
		y, err := qdrant.New(t.Context(), bad)
		require.NoError(t, err, name)
		_, err = y.Faces(t.Context(), s)
		require.ErrorIs(t, err, index.ErrUnavailable, name)
		require.NotContains(t, err.Error(), "wrong", "no key in a message")
		require.NoError(t, y.Close())
	}
	bad := good
	bad.CA = key
	_, err = qdrant.New(t.Context(), bad)
	require.ErrorContains(t, err, "ca")
	bad.CA = filepath.Join(t.TempDir(), "none.pem")
	_, err = qdrant.New(t.Context(), bad)
	require.ErrorIs(t, err, os.ErrNotExist)
}
