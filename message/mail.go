package message

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// mailer sends emails through an SMTP server, each by a connection of its own.
type mailer struct {
	client *mail.Client
	from   string
	domain string
	limit  time.Duration
}

func newMailer(cfg Mail) (*mailer, error) {
	host, port, err := net.SplitHostPort(cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("%w: mail.address: %w", ErrConfig, err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("%w: mail.address: %w", ErrConfig, err)
	}
	secured, err := trusting(cfg.CA)
	if err != nil {
		return nil, fmt.Errorf("read mail.ca: %w", err)
	}
	secured.ServerName = host
	options := []mail.Option{mail.WithPort(number), mail.WithTimeout(cfg.Timeout), mail.WithTLSConfig(secured), mail.WithoutNoop()}
	switch cfg.Security {
	case TLS:
		options = append(options, mail.WithSSL())
	case StartTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	default:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if cfg.User != "" {
		password, err := secretIn(cfg.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("read mail.password_file: %w", err)
		}
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(cfg.User), mail.WithPassword(password))
	}
	client, err := mail.NewClient(host, options...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	from, err := sender(cfg.From)
	if err != nil {
		return nil, fmt.Errorf("%w: mail.from: %w", ErrConfig, err)
	}
	return &mailer{client: client, from: cfg.From, domain: from[strings.LastIndexByte(from, '@')+1:], limit: cfg.Timeout}, nil
}

// send hands an email over to the server.
func (m *mailer) send(ctx context.Context, address, subject, text string) error {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(msg.From(m.from), msg.To(address)); err != nil {
		return fmt.Errorf("write email: %w: its addresses cannot be written", ErrRefused)
	}
	msg.Subject(subject)
	msg.SetDate()
	msg.SetMessageIDWithValue(rand.Text() + "@" + m.domain)
	// Programs that answer mail leave it alone (RFC 3834).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(mail.TypeTextPlain, text)
	ctx, cancel := context.WithTimeout(ctx, m.limit)
	defer cancel()
	conn, err := m.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("connect to the mail server: %w: %w", ErrRefused, err)
	}
	err = m.client.SendWithSMTPClient(conn, msg)
	closed := m.client.CloseWithSMTPClient(conn)
	if err != nil {
		_ = closed // what failed before says more
		return fmt.Errorf("send email: %w: %s", ErrRefused, reason(err))
	}
	return nil
}

// reason says which command failed and how, without the server's own words, which
// may repeat the address.
func reason(err error) string {
	sent, ok := errors.AsType[*mail.SendError](err)
	if !ok {
		return "the connection failed"
	}
	return fmt.Sprintf("%s: status %d %s", sent.Reason, sent.ErrorCode(), sent.EnhancedStatusCode())
}

// trusting is TLS by the certificates of a file, or else by the system's.
func trusting(file string) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if file == "" {
		return cfg, nil
	}
	certificates, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	cfg.RootCAs = x509.NewCertPool()
	if !cfg.RootCAs.AppendCertsFromPEM(certificates) {
		return nil, fmt.Errorf("%w: %s holds no certificate in PEM", ErrConfig, file)
	}
	return cfg, nil
}

// secretIn is the one line of a file.
func secretIn(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" || strings.ContainsAny(secret, "\r\n") {
		return "", fmt.Errorf("%w: %s must hold one line", ErrConfig, file)
	}
	return secret, nil
}
