package twoface

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"

	"oneton/argument"
	"oneton/kyc"
	"oneton/server"
)

func guide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/twoface.md")
	require.NoError(t, err)
	return string(text)
}

func table(t *testing.T, head string) (rows [][]string) {
	t.Helper()
	_, text, ok := strings.Cut(guide(t), head)
	require.True(t, ok, head)
	text, _, _ = strings.Cut(text, "\n\n")
	for row := range strings.Lines(text + "\n") {
		cells := strings.Split(row, "|")
		for i := range cells {
			cells[i] = strings.Trim(cells[i], " `\n")
		}
		rows = append(rows, cells[1:])
	}
	return rows
}

// The guide's table of calls has all that are served, in the order in which they are.
func TestGuideHasTheCalls(t *testing.T) {
	var told []string
	for _, row := range table(t, "| call | wants | scope of the key |\n|---|---|---|\n") {
		told = append(told, row[0])
		require.Equal(t, row[1] == "key", row[2] != "", row[0])
	}
	require.ElementsMatch(t, Calls(), told)
}

// The guide's table of errors has what every error comes to, and no more.
func TestGuideHasTheErrors(t *testing.T) {
	var told []string
	_, text, ok := strings.Cut(guide(t), "| status | `X-Oneton-Code` | when |\n|---|---|---|\n")
	require.True(t, ok)
	text, _, _ = strings.Cut(text, "\n\n")
	for row := range strings.Lines(text + "\n") {
		cells := strings.Split(row, "|")
		for _, code := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[2], -1) {
			told = append(told, strings.TrimSpace(cells[1])+" "+code[1])
		}
	}
	var want []string
	add := func(k server.Kind) { want = append(want, fmt.Sprint(k.Status, " ", k.Code)) }
	for _, k := range []server.Kind{agentless, tokenless, linkless, fileless, limited} {
		add(k)
	}
	for _, row := range problems {
		add(row.Kind)
	}
	for _, k := range server.Kinds() {
		add(k)
	}
	for _, err := range []error{&kyc.NotFoundError{}, &argument.Error{}, fiber.ErrNotFound, fiber.ErrRequestEntityTooLarge, late("")} {
		p, ok := problemOf(err)
		if !ok {
			require.ErrorAs(t, err, &p)
		}
		add(server.Kind{Status: p.Status, Code: p.Code})
	}
	for _, code := range codes {
		p, ok := problemOf(&kyc.RefusedError{Code: code})
		require.True(t, ok)
		add(server.Kind{Status: p.Status, Code: p.Code})
	}
	want = slices.DeleteFunc(want, func(k string) bool { return slices.Contains(elsewhere, k[4:]) })
	slices.Sort(want)
	slices.Sort(told)
	require.Equal(t, slices.Compact(want), slices.Compact(told))
}

// elsewhere are codes that no call of this API meets: they are of galleries, of the
// change log and of liveness, or of photos whose checks are jobs, which name them
// otherwise.
var elsewhere = []string{
	"unauthorized", "client_gone", "headers_too_large", "spoof_suspected", "liveness_unknown", "unknown_pack", "position_not_reached", "converting",
	"already_exists", "damaged", "low_quality", "corrupt_image", "image_too_large", "image_too_small", "image_too_complex",
}

// codes are those of inputs that cannot be checked.
var codes = []kyc.Code{
	kyc.PhotoUnsupported, kyc.PhotoCorrupt, kyc.PhotoTooLarge, kyc.PhotoTooSmall, kyc.PhotoTooComplex, kyc.NoFace, kyc.SeveralFaces, kyc.FaceTooSmall, kyc.FaceNotComparable, kyc.DocumentsOff, kyc.DocumentTooSmall, kyc.VideoOff, kyc.ClipUnsupported, kyc.ClipCorrupt, kyc.ClipTooLarge, kyc.ClipTooLong, kyc.ClipTooComplex, kyc.ClipTooShort, kyc.GesturesOff,
}
