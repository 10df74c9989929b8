package message

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// outbox is a folder of messages, one a file that only its owner may read.
type outbox struct{ folder string }

// letter is what a file of an outbox holds, as JSON.
type letter struct {
	At time.Time `json:"at"`
	// Kind is email or sms.
	Kind    string `json:"kind"`
	To      string `json:"to"`
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text"`
	Code    string `json:"code"`
}

// make makes the folder.
func (o *outbox) make() error {
	if err := os.MkdirAll(o.folder, 0o700); err != nil {
		return fmt.Errorf("make outbox: %w", err)
	}
	return nil
}

// put writes a file whose name begins with the time, so that the newest is the last.
// It is there as a whole or not at all.
func (o *outbox) put(l letter) (err error) {
	if err := o.make(); err != nil {
		return err
	}
	l.At = time.Now().UTC()
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("write to outbox: %w", err)
	}
	f, err := os.CreateTemp(o.folder, "."+l.At.Format("20060102T150405.000000000")+"-"+l.Kind+"-*")
	if err != nil {
		return fmt.Errorf("write to outbox: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(o.folder, filepath.Base(f.Name())[1:]+".json"))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write to outbox: %w", err), os.Remove(f.Name()))
	}
	return nil
}
