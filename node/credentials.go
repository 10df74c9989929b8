package node

import (
	"path/filepath"

	"oneton/access"
	"oneton/config"
	"oneton/credential"
	"oneton/message"
)

// OpenCredentials is the service of client tokens over the truth, which hands its
// messages to sends; without one it looks up alone.
func (t *Truth) OpenCredentials(cfg config.Config, sends credential.Messenger) (*credential.Service, error) {
	keys, err := t.secret.Keys("credentials")
	if err != nil {
		return nil, err
	}
	c := cfg.Credentials
	c.Scopes = names(clientScopes())
	return credential.New(c, t.Store, t.Access, keys, sends)
}

// openPost is what delivers codes. In development what nothing delivers is written
// to a folder.
func openPost(cfg config.Config) (*message.Post, error) {
	unsent := ""
	if cfg.Mode == config.Development {
		unsent = filepath.Join(cfg.Data, "outbox")
	}
	return message.New(cfg.Message, unsent)
}

func names(scopes []access.Scope) []string {
	var all []string
	for _, s := range scopes {
		all = append(all, s.Name)
	}
	return all
}
