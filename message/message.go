// Package message hands one-time codes over for delivery: by email through an SMTP
// server, by text message through an HTTP gateway, or, for development, into files
// of a folder.
package message

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Post hands messages over. It is safe for concurrent use.
type Post struct {
	cfg    Config
	mail   *mailer
	sms    *gateway
	outbox *outbox
}

// New returns a Post by the settings. Kinds that nothing delivers go to the folder
// unsent, or, if it is empty, are ErrNone. What cannot be used, as a file of a
// password that is not there, is an error.
func New(cfg Config, unsent string) (*Post, error) {
	p := &Post{cfg: cfg}
	if cfg.Outbox != "" {
		p.outbox = &outbox{cfg.Outbox}
		return p, p.outbox.make()
	}
	if unsent != "" {
		p.outbox = &outbox{unsent}
	}
	var err error
	if cfg.Mail.Address != "" {
		if p.mail, err = newMailer(cfg.Mail); err != nil {
			return nil, err
		}
	}
	if cfg.SMS.URL != "" {
		if p.sms, err = newGateway(cfg.SMS); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Unsent are the kinds of messages, email and sms, that nothing sends, each with the
// folder that they go to, or an empty text where they are ErrNone.
func (p *Post) Unsent() map[string]string {
	folder, unsent := "", map[string]string{}
	if p.outbox != nil {
		folder = p.outbox.folder
	}
	if p.mail == nil {
		unsent[kindEmail] = folder
	}
	if p.sms == nil {
		unsent[kindSMS] = folder
	}
	return unsent
}

// The kinds of messages.
const (
	kindEmail = "email"
	kindSMS   = "sms"
)

// Email sends the code, which is valid for the time, to an address.
func (p *Post) Email(ctx context.Context, address, code string, valid time.Duration) error {
	subject, text := fill(p.cfg.Mail.Subject, code, valid), fill(p.cfg.Mail.Text, code, valid)
	switch {
	case p.mail != nil:
		return p.mail.send(ctx, address, subject, text)
	case p.outbox != nil:
		return p.outbox.put(letter{Kind: kindEmail, To: address, Subject: subject, Text: text, Code: code})
	default:
		return fmt.Errorf("send email: %w", ErrNone)
	}
}

// SMS sends it to a number in E.164.
func (p *Post) SMS(ctx context.Context, number, code string, valid time.Duration) error {
	text := fill(p.cfg.SMS.Text, code, valid)
	switch {
	case p.sms != nil:
		return p.sms.send(ctx, number, text)
	case p.outbox != nil:
		return p.outbox.put(letter{Kind: kindSMS, To: number, Text: text, Code: code})
	default:
		return fmt.Errorf("send text message: %w", ErrNone)
	}
}

// fill puts a code and for how many minutes it is valid in their places.
func fill(template, code string, valid time.Duration) string {
	return strings.NewReplacer("{code}", code, "{minutes}", strconv.Itoa(int(valid.Minutes()))).Replace(template)
}
