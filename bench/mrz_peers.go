package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"oneton/calibration"
	"oneton/document/documenttest"
	"oneton/picture"
)

// mrzPeer is another reader, over the lines of 26 pixels and more of those documents
// that it was given.
type mrzPeer struct {
	Name      string                 `json:"name"`
	Documents int                    `json:"documents"`
	Right     calibration.Proportion `json:"right"`
	// Accepted are those whose check digits the peer found right, where it says so.
	Accepted      int     `json:"accepted"`
	AcceptedWrong int     `json:"accepted_wrong"`
	Seconds       float64 `json:"median_seconds_a_document"`
}

// mrzPeersProgram runs the other readers, from whatever folder the bench is run in.
//
//go:embed peers/mrz.py
var mrzPeersProgram string

// mrzPeers are photos for other readers, and zones cut out of them upright where
// they are known to be, which is more help than a reader gets.
type mrzPeers struct {
	folder string
	lines  [][]string
}

func (m *mrzPeers) add(d *mrzDocument) error {
	if d.height < 26 {
		return nil
	}
	if m.folder == "" {
		folder, err := os.MkdirTemp("", "mrz")
		if err != nil {
			return fmt.Errorf("make a folder for peers: %w", err)
		}
		m.folder = folder
	}
	p, err := picture.Decode(context.Background(), d.shot.JPEG, picture.DefaultLimits())
	if err != nil {
		return fmt.Errorf("decode a photo for peers: %w", err)
	}
	name := filepath.Join(m.folder, fmt.Sprintf("%05d", len(m.lines)))
	if err := os.WriteFile(name+".jpg", d.shot.JPEG, 0o600); err != nil {
		return fmt.Errorf("write a photo for peers: %w", err)
	}
	f, err := os.Create(name + ".png")
	if err != nil {
		return fmt.Errorf("write a zone for peers: %w", err)
	}
	defer f.Close()
	if err := png.Encode(f, cutZone(p, d)); err != nil {
		return fmt.Errorf("write a zone for peers: %w", err)
	}
	m.lines = append(m.lines, d.lines)
	return nil
}

// cutZone is the zone as it lies in the photo, upright, with the margin that
// Tesseract wants, and characters of the height that it is said to read best.
func cutZone(p *picture.Picture, d *mrzDocument) image.Image {
	const cell = 50 // pixels of a line's height
	width := documenttest.Pitch * float64(d.format.Length()+3)
	height := documenttest.Spacing * float64(d.format.Lines()+1)
	scale := cell / documenttest.LineHeight
	r := picture.NewRaster(int(scale*width), int(scale*height))
	left, top := d.page.X-width/2, d.page.Y-height/2
	x0, y0 := d.shot.At(left, top)
	x1, y1 := d.shot.At(left+width, top)
	x2, y2 := d.shot.At(left, top+height)
	w, h := float64(r.Width), float64(r.Height)
	p.WarpRepeating(r, picture.Affine{A: (x1 - x0) / w, B: (x2 - x0) / h, C: x0, D: (y1 - y0) / w, E: (y2 - y0) / h, F: y0})
	img := image.NewGray(image.Rect(0, 0, r.Width, r.Height))
	for i, v := range r.G {
		img.Pix[i] = color.Gray{Y: uint8(v)}.Y
	}
	return img
}

// run gives what was added to the peers.
func (m *mrzPeers) run(ctx context.Context, python string) ([]mrzPeer, error) {
	if m.folder == "" {
		return nil, nil
	}
	defer os.RemoveAll(m.folder)
	var complaints bytes.Buffer
	command := exec.CommandContext(ctx, python, "-c", mrzPeersProgram, m.folder)
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("run the other readers with %s, which needs PassportEye: %w: %s", python, err, complaints.String())
	}
	var said []struct {
		Name    string     `json:"name"`
		Read    [][]string `json:"read"`
		Valid   []bool     `json:"valid"`
		Seconds []float64  `json:"seconds"`
	}
	if err := json.Unmarshal(out, &said); err != nil {
		return nil, fmt.Errorf("decode what the other readers said: %w", err)
	}
	var all []mrzPeer
	for _, s := range said {
		peer := mrzPeer{Name: s.Name, Documents: len(m.lines), Seconds: median(s.Seconds)}
		right := 0
		for i, lines := range m.lines {
			same := slices.Equal(s.Read[i], lines)
			if same {
				right++
			}
			if s.Valid[i] {
				peer.Accepted++
				if !same {
					peer.AcceptedWrong++
				}
			}
		}
		peer.Right = share(right, len(m.lines))
		all = append(all, peer)
	}
	return all, nil
}
