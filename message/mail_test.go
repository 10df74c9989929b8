package message_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"mime"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"oneton/message"
)

const valid = 10 * time.Minute

// issuer signs certificates.
type issuer struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	file string
}

func newIssuer(t *testing.T) issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "issuer"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return issuer{key, cert, file}
}

// server is TLS with a certificate of the issuer's for an address.
func (i issuer) server(t *testing.T, ip string, until time.Time) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until, IPAddresses: []net.IP{net.ParseIP(ip)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, i.cert, &key.PublicKey, i.key)
	require.NoError(t, err)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

// mailbox is a session of a mail server's, and all that it was handed.
type mailbox struct {
	mu       sync.Mutex
	refuses  error
	user     string
	from, to []string
	emails   []string
	secure   []bool
}

type session struct {
	*mailbox
	conn *smtp.Conn
	who  string
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "codes" || password != "hush, it is secret" {
			return smtp.ErrAuthFailed
		}
		s.who = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.user, s.from = s.who, append(s.from, from)
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to = append(s.to, to)
	return s.refuses
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, secure := s.conn.TLSConnectionState()
	s.emails, s.secure = append(s.emails, string(text)), append(s.secure, secure)
	return err
}

// serve runs a mail server until the test ends, and returns its address. It speaks
// TLS from the first byte if that is wanted, else STARTTLS if it has TLS at all.
func serve(t *testing.T, box *mailbox, secured *tls.Config, implicit bool) string {
	t.Helper()
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{mailbox: box, conn: c}, nil }))
	s.Domain, s.TLSConfig = "127.0.0.1", secured
	s.ErrorLog = quiet{}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := ln.Addr().String()
	if implicit {
		ln = tls.NewListener(ln, secured)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		if err := <-done; !errors.Is(err, smtp.ErrServerClosed) {
			require.NoError(t, err)
		}
	})
	return address
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func config(address, security, ca string) message.Config {
	cfg := message.DefaultConfig()
	cfg.Mail.Address, cfg.Mail.Security, cfg.Mail.CA = address, security, ca
	cfg.Mail.From, cfg.Mail.Timeout = "Example Ünlimited <codes@example.org>", 5*time.Second
	return cfg
}

func TestEmail(t *testing.T) {
	is := newIssuer(t)
	secured := is.server(t, "127.0.0.1", time.Now().Add(time.Hour))
	password := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(password, []byte("hush, it is secret\n"), 0o600))
	for security, implicit := range map[string]bool{message.TLS: true, message.StartTLS: false, message.None: false} {
		t.Run(security, func(t *testing.T) {
			box := &mailbox{}
			server := secured
			if security == message.None {
				server = nil
			}
			cfg := config(serve(t, box, server, implicit), security, is.file)
			if server != nil {
				cfg.Mail.User, cfg.Mail.PasswordFile = "codes", password
			}
			cfg.Mail.Subject = "Your code, für {minutes} minutes"
			post, err := message.New(cfg, "")
			require.NoError(t, err)
			// Many at once, as requests come.
			var group sync.WaitGroup
			errs := make([]error, 8)
			for i := range errs {
				group.Go(func() { errs[i] = post.Email(t.Context(), "ada@example.org", "012345", valid) })
			}
			group.Wait()
			require.NoError(t, errors.Join(errs...))
			require.Len(t, box.emails, len(errs))
			ids := map[string]bool{}
			for i, text := range box.emails {
				require.Equal(t, server != nil, box.secure[i])
				require.Equal(t, "codes@example.org", box.from[i])
				require.Equal(t, "ada@example.org", box.to[i])
				m, err := mail.ReadMessage(strings.NewReader(text))
				require.NoError(t, err)
				from, err := m.Header.AddressList("From")
				require.NoError(t, err)
				require.Equal(t, []*mail.Address{{Name: "Example Ünlimited", Address: "codes@example.org"}}, from)
				to, err := m.Header.AddressList("To")
				require.NoError(t, err)
				require.Equal(t, []*mail.Address{{Address: "ada@example.org"}}, to)
				at, err := m.Header.Date()
				require.NoError(t, err)
				require.WithinDuration(t, time.Now(), at, time.Minute)
				require.Regexp(t, `^<[A-Z0-9]{26}@example\.org>$`, m.Header.Get("Message-ID"))
				ids[m.Header.Get("Message-ID")] = true
				require.Equal(t, "auto-generated", m.Header.Get("Auto-Submitted"))
				require.Empty(t, m.Header.Get("User-Agent")+m.Header.Get("X-Mailer"))
				subject, err := (&mime.WordDecoder{}).DecodeHeader(m.Header.Get("Subject"))
				require.NoError(t, err)
				require.Equal(t, "Your code, für 10 minutes", subject)
				body, err := io.ReadAll(m.Body)
				require.NoError(t, err)
				require.Contains(t, string(body), "012345 is your code. It is valid for 10 minutes.")
			}
			require.Len(t, ids, len(errs), "each has an id of its own")
			require.Equal(t, map[bool]string{true: "codes"}[server != nil], box.user)
		})
	}
}

// Nothing is handed to a server that is not who it should be, or listens in the
// clear.
func TestUnsafeMailServers(t *testing.T) {
	is, other := newIssuer(t), newIssuer(t)
	hour := time.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		server   *tls.Config
		security string
		ca       string
		says     string
	}{
		"no STARTTLS":               {nil, message.StartTLS, is.file, "STARTTLS"},
		"no TLS":                    {nil, message.TLS, is.file, "tls"},
		"STARTTLS of another":       {other.server(t, "127.0.0.1", hour), message.StartTLS, is.file, "certificate"},
		"TLS of another":            {other.server(t, "127.0.0.1", hour), message.TLS, is.file, "certificate"},
		"unknown to the system":     {is.server(t, "127.0.0.1", hour), message.StartTLS, "", "certificate"},
		"STARTTLS of a name":        {is.server(t, "127.0.0.2", hour), message.StartTLS, is.file, "certificate"},
		"TLS of another name":       {is.server(t, "127.0.0.2", hour), message.TLS, is.file, "certificate"},
		"expired":                   {is.server(t, "127.0.0.1", time.Now().Add(-time.Hour)), message.StartTLS, is.file, "expired"},
		"TLS instead of a greeting": {is.server(t, "127.0.0.1", hour), "implicit where STARTTLS is set", is.file, ""},
	} {
		t.Run(name, func(t *testing.T) {
			box := &mailbox{}
			implicit := c.security == message.TLS && c.server != nil
			if c.says == "" {
				implicit, c.security = true, message.StartTLS
			}
			cfg := config(serve(t, box, c.server, implicit), c.security, c.ca)
			cfg.Mail.Timeout = time.Second
			post, err := message.New(cfg, "")
			require.NoError(t, err)
			err = post.Email(t.Context(), "ada@example.org", "012345", valid)
			require.ErrorIs(t, err, message.ErrRefused)
			require.ErrorContains(t, err, c.says)
			require.Empty(t, box.emails)
			require.Empty(t, box.to, "nor does it learn to whom")
		})
	}
}

// What the log is told of a refusal is no address and no code, whatever the server
// says.
func TestRefusedEmail(t *testing.T) {
	box := &mailbox{refuses: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user: ADA@example.org (ada), 012345"}}
	post, err := message.New(config(serve(t, box, nil, false), message.None, ""), "")
	require.NoError(t, err)
	err = post.Email(t.Context(), "ada@example.org", "012345", valid)
	require.ErrorIs(t, err, message.ErrRefused)
	require.ErrorContains(t, err, "550")
	require.NotContains(t, strings.ToLower(err.Error()), "ada")
	require.NotContains(t, err.Error(), "012345")

	for _, address := range []string{"ada@example.org\r\nBcc: eve@example.org", "ada@example.org, eve@example.org", "", "ada", "<ada@example.org"} {
		box := &mailbox{}
		post, err := message.New(config(serve(t, box, nil, false), message.None, ""), "")
		require.NoError(t, err)
		err = post.Email(t.Context(), address, "012345", valid)
		require.ErrorIs(t, err, message.ErrRefused, "%q", address)
		require.Empty(t, box.to)
	}

	// A server that takes the connection and says nothing costs the time that is set.
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	cfg := config(ln.Addr().String(), message.None, "")
	cfg.Mail.Timeout = 200 * time.Millisecond
	post, err = message.New(cfg, "")
	require.NoError(t, err)
	require.ErrorIs(t, post.Email(t.Context(), "ada@example.org", "012345", valid), message.ErrRefused)
	// And one that is not there fails at once.
	require.NoError(t, ln.Close())
	require.ErrorIs(t, post.Email(t.Context(), "ada@example.org", "012345", valid), message.ErrRefused)
}

func TestUnusableMailSettings(t *testing.T) {
	folder := t.TempDir()
	file := func(text string) string {
		path := filepath.Join(folder, "file")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	for name, change := range map[string]func(*message.Mail){
		"no file of the password": func(m *message.Mail) { m.User, m.PasswordFile = "codes", filepath.Join(folder, "none") },
		"an empty password":       func(m *message.Mail) { m.User, m.PasswordFile = "codes", file("\n") },
		"two lines of it":         func(m *message.Mail) { m.User, m.PasswordFile = "codes", file("a\nb\n") },
		"no certificates":         func(m *message.Mail) { m.CA = file("none") },
		"no file of certificates": func(m *message.Mail) { m.CA = filepath.Join(folder, "none") },
	} {
		cfg := config("127.0.0.1:25", message.None, "")
		change(&cfg.Mail)
		_, err := message.New(cfg, "")
		require.Error(t, err, name)
	}
}
