package message_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/message"
	"oneton/setting"
)

func TestSettings(t *testing.T) {
	complete := func() message.Config {
		c := config("mail.example.org:587", message.StartTLS, "")
		c.SMS.URL = "https://sms.example.org/send"
		return c
	}
	c := complete()
	require.NoError(t, setting.Check(c.Settings()))
	c = message.DefaultConfig()
	require.NoError(t, setting.Check(c.Settings()))
	for name, change := range map[string]func(*message.Config){
		"a gateway of this machine":     func(c *message.Config) { c.SMS.URL = "http://127.0.0.1:8000/send" },
		"one of this machine by IPv6":   func(c *message.Config) { c.SMS.URL = "http://[::1]:8000/send" },
		"one of a network of one's own": func(c *message.Config) { c.SMS.URL, c.SMS.Plain = "http://sms:8000/send", true },
		"a server of this machine":      func(c *message.Config) { c.Mail.Address, c.Mail.Security = "localhost:25", message.None },
		"a sender without a name":       func(c *message.Config) { c.Mail.From = "codes@example.org" },
		"all in the URL":                func(c *message.Config) { c.SMS.URL, c.SMS.Body = "https://sms.example.org/?to={to}&m={text}", "" },
	} {
		c := complete()
		change(&c)
		require.NoError(t, setting.Check(c.Settings()), name)
	}
	for name, wrong := range map[string]struct {
		key    string
		change func(*message.Config)
	}{
		"no port":                  {"mail.address", func(c *message.Config) { c.Mail.Address = "mail.example.org" }},
		"no host":                  {"mail.address", func(c *message.Config) { c.Mail.Address = ":25" }},
		"a port that is none":      {"mail.address", func(c *message.Config) { c.Mail.Address = "mail.example.org:smtp" }},
		"in the clear":             {"mail.security", func(c *message.Config) { c.Mail.Security = message.None }},
		"a security that is none":  {"mail.security", func(c *message.Config) { c.Mail.Security = "ssl" }},
		"a user without password":  {"mail.password_file", func(c *message.Config) { c.Mail.User = "codes" }},
		"no sender":                {"mail.from", func(c *message.Config) { c.Mail.From = "" }},
		"two senders":              {"mail.from", func(c *message.Config) { c.Mail.From = "a@example.org, b@example.org" }},
		"a sender of two lines":    {"mail.from", func(c *message.Config) { c.Mail.From = "a@example.org\r\n" }},
		"a subject of two lines":   {"mail.subject", func(c *message.Config) { c.Mail.Subject = "a\nBcc: b@example.org" }},
		"a text without code":      {"mail.text", func(c *message.Config) { c.Mail.Text = "hello" }},
		"no time":                  {"mail.timeout", func(c *message.Config) { c.Mail.Timeout = 0 }},
		"http":                     {"sms.url", func(c *message.Config) { c.SMS.URL = "http://sms.example.org/send" }},
		"http elsewhere":           {"sms.url", func(c *message.Config) { c.SMS.URL = "http://localhost.example.org/send" }},
		"no URL":                   {"sms.url", func(c *message.Config) { c.SMS.URL = "sms.example.org" }},
		"a file":                   {"sms.url", func(c *message.Config) { c.SMS.URL = "file:///etc/passwd" }},
		"a host by the number":     {"sms.url", func(c *message.Config) { c.SMS.URL = "https://{to}.example.org/" }},
		"a host by the text":       {"sms.url", func(c *message.Config) { c.SMS.URL = "https://example.org:{text}/" }},
		"a password in the URL":    {"sms.url", func(c *message.Config) { c.SMS.URL = "https://user:hidden@sms.example.org/" }},
		"a method that is none":    {"sms.method", func(c *message.Config) { c.SMS.Method = "SEND" }},
		"a header without a colon": {"sms.headers", func(c *message.Config) { c.SMS.Headers = []string{"X-Key hidden"} }},
		"a header of two lines":    {"sms.headers", func(c *message.Config) { c.SMS.Headers = []string{"X: y\r\nZ: hidden"} }},
		"a format that is none":    {"sms.format", func(c *message.Config) { c.SMS.Format = "xml" }},
		"JSON that is none":        {"sms.body", func(c *message.Config) { c.SMS.Body = `{"to":{to},"text":"{text}"}` }},
		"JSON without quotes":      {"sms.body", func(c *message.Config) { c.SMS.Body = `{"to":"{to}","text":{text}}` }},
		"nothing to say":           {"sms.body", func(c *message.Config) { c.SMS.Body = `{"to":"{to}"}` }},
		"nobody to say it to":      {"sms.body", func(c *message.Config) { c.SMS.Format, c.SMS.Body = message.Form, "text={text}" }},
		"a redirect":               {"sms.status", func(c *message.Config) { c.SMS.Status = 302 }},
		"a message without code":   {"sms.text", func(c *message.Config) { c.SMS.Text = "hello" }},
		"too much time":            {"sms.timeout", func(c *message.Config) { c.SMS.Timeout *= 10 }},
	} {
		c := complete()
		wrong.change(&c)
		err := setting.Check(c.Settings())
		require.ErrorContains(t, err, wrong.key+" is ", name)
		require.NotContains(t, err.Error(), "hidden", name)
	}
}
