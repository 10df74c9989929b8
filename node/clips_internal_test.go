package node

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/clip"
	"oneton/gesture"
	"oneton/kyc"
)

// What is wrong with a clip is told as it is, without what is installed here; what is
// no fault of the clip stays what it is.
func TestRefusalsOfClips(t *testing.T) {
	for text, c := range map[string]struct {
		err  error
		code kyc.Code
	}{
		"too long: send at most 30 s": {fmt.Errorf("read: %w: send at most 30 s", clip.ErrTooLong), kyc.ClipTooLong},
		"too short: send a second":    {fmt.Errorf("judge: %w: send a second", gesture.ErrShort), kyc.ClipTooShort},
		"this server has no ffmpeg, which videos take; send an animated GIF or motion JPEG": {fmt.Errorf("%w: /opt/ffmpeg does not run", clip.ErrVideoOff), kyc.VideoOff},
		"this server has no models that tell smiles and blinks":                             {fmt.Errorf("%w: /srv/models", gesture.ErrOff), kyc.GesturesOff},
	} {
		refused, ok := errors.AsType[*kyc.RefusedError](clipRefused(c.err))
		require.True(t, ok, text)
		require.Equal(t, c.code, refused.Code)
		require.Equal(t, text, refused.Reason)
	}
	other := errors.New("the pool is closed")
	require.Equal(t, other, clipRefused(other))
	require.NoError(t, clipRefused(nil))
}
