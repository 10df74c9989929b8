package facenition

import (
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/identitytoken"
	"oneton/server"
	"oneton/server/decode"
)

// issued answers with an identity token that was made.
func issued(c *fiber.Ctx, t identitytoken.Issued) error {
	return c.JSON(struct {
		OK        bool       `json:"ok"`
		Token     string     `json:"token"`
		ID        string     `json:"token_id"`
		ExpiresAt *time.Time `json:"expires_at,omitempty"`
	}{true, t.Token, t.ID, ending(t.ExpiresAt)})
}

// generate makes an identity token of one person's photos.
func (d *dialect) generate(c *fiber.Ctx, _ version) error {
	var r struct {
		AuthToken string        `param:"auth_token"`
		Images    decode.Photos `param:"image,required" also:"images face photo file"`
		Accuracy  *int          `param:"accuracy"`
		Secret    *string       `param:"secret"`
		Context   string        `param:"context"`
		ExpiresIn *int          `param:"expires_in"`
	}
	if err := read(c, &r, &r.AuthToken); err != nil {
		return err
	}
	making := identitytoken.Making{Pack: d.packs[0], Context: r.Context}
	var err error
	if making.Accuracy, err = accuracy(r.Accuracy); err != nil {
		return err
	}
	if making.Secret, err = secret("secret", r.Secret); err != nil {
		return err
	}
	lasts, err := life(r.ExpiresIn)
	if err != nil {
		return err
	}
	photos := photosOf(r.Images)
	if making.Faces, err = d.portraits(c, making.Pack, photos, 1, identitytoken.MaxFaces); err != nil {
		return err
	}
	making.ExpiresAt = end(lasts)
	t, err := d.tokens.Generate(c.UserContext(), server.ActorOf(c), making)
	if err != nil {
		return photos.about(err)
	}
	return issued(c, t)
}

// authenticate compares a photo with the face in an identity token.
func (d *dialect) authenticate(c *fiber.Ctx, _ version) error {
	var r struct {
		AuthToken string        `param:"auth_token"`
		Token     string        `param:"token,required" also:"identity_token"`
		Images    decode.Photos `param:"image,required" also:"images face photo file"`
		Accuracy  *int          `param:"accuracy"`
		Secret    *string       `param:"secret"`
		Context   string        `param:"context"`
	}
	if err := read(c, &r, &r.AuthToken); err != nil {
		return err
	}
	attempt := identitytoken.Attempt{Token: r.Token, Context: r.Context}
	var err error
	if attempt.Accuracy, err = accuracy(r.Accuracy); err != nil {
		return err
	}
	if attempt.Secret, err = secret("secret", r.Secret); err != nil {
		return err
	}
	if attempt.Pack, err = d.tokens.Check(c.UserContext(), server.ActorOf(c), r.Token, r.Context, attempt.Accuracy); err != nil {
		return err
	}
	faces, err := d.portraits(c, attempt.Pack, photosOf(r.Images), 1, 1)
	if err != nil {
		return err
	}
	attempt.Face = faces[0]
	result, err := d.tokens.Authenticate(c.UserContext(), server.ActorOf(c), attempt)
	if err != nil {
		return err
	}
	return matched(c, result)
}

// match compares two photos.
func (d *dialect) match(c *fiber.Ctx, _ version) error {
	var r struct {
		AuthToken string        `param:"auth_token"`
		Images    decode.Photos `param:"image" also:"images face photo file"`
		First     decode.Photo  `param:"image1"`
		Second    decode.Photo  `param:"image2"`
		Accuracy  *int          `param:"accuracy"`
	}
	if err := read(c, &r, &r.AuthToken); err != nil {
		return err
	}
	level, err := accuracy(r.Accuracy)
	if err != nil {
		return err
	}
	photos := photosOf(r.Images)
	for _, one := range []named{{"image1", r.First}, {"image2", r.Second}} {
		if one.content != nil {
			photos = append(photos, one)
		}
	}
	faces, err := d.portraits(c, d.packs[0], photos, 2, 2)
	if err != nil {
		return err
	}
	result, err := d.tokens.Match(c.UserContext(), d.packs[0], faces[0], faces[1], level)
	if err != nil {
		return photos.about(err)
	}
	return matched(c, result)
}

func matched(c *fiber.Ctx, r identitytoken.Result) error {
	return c.JSON(struct {
		OK    bool    `json:"ok"`
		Match bool    `json:"match"`
		Score float64 `json:"score"`
	}{true, r.Match, r.Score})
}

// revoke ends an identity token for good.
func (d *dialect) revoke(c *fiber.Ctx, _ version) error {
	var r struct {
		AuthToken string `param:"auth_token"`
		Token     string `param:"token,required" also:"identity_token token_id"`
	}
	if err := read(c, &r, &r.AuthToken); err != nil {
		return err
	}
	if err := d.tokens.Revoke(c.UserContext(), server.ActorOf(c), r.Token); err != nil {
		return err
	}
	return done(c)
}

// done answers that what was asked is done.
func done(c *fiber.Ctx) error {
	return c.JSON(struct {
		OK bool `json:"ok"`
	}{true})
}

// rotate replaces an identity token by one that cannot be linked to it. A new
// secret takes a photo, by which whoever changes it shows that they may.
func (d *dialect) rotate(c *fiber.Ctx, _ version) error {
	var r struct {
		AuthToken  string        `param:"auth_token"`
		Token      string        `param:"token,required" also:"identity_token"`
		Context    string        `param:"context"`
		NewContext *string       `param:"new_context"`
		ExpiresIn  *int          `param:"expires_in"`
		NewSecret  *string       `param:"new_secret"`
		Images     decode.Photos `param:"image" also:"images face photo file"`
		Secret     *string       `param:"secret"`
	}
	if err := read(c, &r, &r.AuthToken); err != nil {
		return err
	}
	rotation := identitytoken.Rotation{Token: r.Token, Context: r.Context, NewContext: r.NewContext, NewSecret: r.NewSecret}
	lasts, err := life(r.ExpiresIn)
	if err != nil {
		return err
	}
	if _, err := secret("new_secret", r.NewSecret); err != nil {
		return err
	}
	switch {
	case r.NewSecret != nil && len(r.Images) == 0:
		return invalid(image, "is required with new_secret")
	case r.NewSecret == nil && (len(r.Images) > 0 || r.Secret != nil):
		return invalid("new_secret", "is required with image or secret, which show that the secret may be changed; without a new one the token keeps its own")
	case r.NewSecret != nil:
		var proof identitytoken.Proof
		if proof.Secret, err = secret("secret", r.Secret); err != nil {
			return err
		}
		if proof.Pack, err = d.tokens.Check(c.UserContext(), server.ActorOf(c), r.Token, r.Context, 0); err != nil {
			return err
		}
		faces, err := d.portraits(c, proof.Pack, photosOf(r.Images), 1, 1)
		if err != nil {
			return err
		}
		proof.Face, rotation.Proof = faces[0], &proof
	}
	if r.ExpiresIn != nil {
		at := end(lasts)
		rotation.NewExpiresAt = &at
	}
	t, err := d.tokens.Rotate(c.UserContext(), server.ActorOf(c), rotation)
	if err != nil {
		return err
	}
	return issued(c, t)
}

// accuracy is how strict a comparison is.
func accuracy(level *int) (int, error) {
	if level == nil {
		return identitytoken.DefaultAccuracy, nil
	}
	if *level < 1 || *level > len(identitytoken.Accuracies) {
		return 0, invalid("accuracy", fmt.Sprintf("must be 1 to %d", len(identitytoken.Accuracies)))
	}
	return *level, nil
}

// secret is a secret that was given, or none.
func secret(field string, given *string) (string, error) {
	if given == nil {
		return "", nil
	}
	if *given == "" {
		return "", invalid(field, "is empty; leave it out, or give one")
	}
	return *given, nil
}

// maxLife is the longest time that may be asked for, in seconds: 100 years.
const maxLife = 100 * 365 * 24 * 3600

// life is how long a token is to last, 0 for ever.
func life(seconds *int) (time.Duration, error) {
	if seconds == nil {
		return 0, nil
	}
	if *seconds < 1 || *seconds > maxLife {
		return 0, invalid("expires_in", fmt.Sprintf("must be 1 to %d seconds", maxLife))
	}
	return time.Duration(*seconds) * time.Second, nil
}

// end is when what is made now ends, in whole seconds and no earlier than was asked
// for, zero for never.
func end(lasts time.Duration) time.Time {
	if lasts == 0 {
		return time.Time{}
	}
	return time.Now().Add(lasts + time.Second - 1).Truncate(time.Second)
}
