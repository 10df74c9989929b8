package kyc

import (
	"context"
	"errors"

	"oneton/identify"
	"oneton/store"
)

// step is one kind of check.
type step struct {
	name string
	// takes are its fields, and either those of which one must be there.
	takes  []Field
	either []string
	// after are the steps that must have been before it.
	after []string
	// do makes the check. A RefusedError means that it cannot be made with what was
	// sent; any other error, that it may succeed when it is tried again.
	do func(ctx context.Context, r *run, st plannedStep) (outcome, error)
}

// outcome is what a check says.
type outcome struct {
	passed bool
	// value is what an endpoint answers.
	value any
	// input and output are the stage's; document says that the stage keeps the photo
	// of the file of that name, where photos are kept.
	input, output map[string]any
	document      string
}

// steps are those that workflows are made of.
var steps = func() map[string]step {
	all := map[string]step{}
	for _, st := range []step{
		fetchDocument(), validateType("document", "documentSide"), validateIdentity("document"),
		compareFaces(), findUser(), saveFace(), matchUser(), checkSmile(), checkBlink(),
	} {
		all[st.name] = st
	}
	return all
}()

// fetchDocument reads what the document says, and passes when it is one that is known.
func fetchDocument() step {
	return step{
		name: "fetch_document_data", takes: []Field{required("document"), required("documentType"), optional("documentSide")},
		do: func(ctx context.Context, r *run, _ plannedStep) (outcome, error) {
			d, err := r.read(ctx, "document")
			if err != nil {
				return outcome{}, err
			}
			data := d.Data
			if data == nil {
				data = map[string]any{}
			}
			r.tell("document", data)
			return outcome{
				passed: d.Type != "", document: "document",
				input:  map[string]any{"document_type": r.field("documentType"), "document_side": r.field("documentSide")},
				output: map[string]any{"data": data},
			}, nil
		},
	}
}

// validateType passes when the photo shows the side of a document of the type.
func validateType(file, side string) step {
	return step{
		name: "validate_document_type", takes: []Field{required(file), required("documentType"), optional(side)},
		do: func(ctx context.Context, r *run, _ plannedStep) (outcome, error) {
			d, err := r.read(ctx, file)
			if err != nil {
				return outcome{}, err
			}
			asked := r.field(side)
			is := d.Type == r.field("documentType") && d.Side == asked
			return outcome{
				passed: is, value: is, document: file,
				input:  map[string]any{"document_type": r.field("documentType"), "document_side": asked},
				output: map[string]any{"valid": is, "document_type": orNull(d.Type), "document_side": orNull(d.Side)},
			}, nil
		},
	}
}

// validateIdentity passes when the document is of the type, and its number is the one
// that was sent, beyond doubt.
func validateIdentity(file string) step {
	return step{
		name: "validate_identity", takes: []Field{required(file), required("documentType"), required("documentId")},
		do: func(ctx context.Context, r *run, _ plannedStep) (outcome, error) {
			d, err := r.read(ctx, file)
			if err != nil {
				return outcome{}, err
			}
			number := documentKey(d.Number)
			is := d.Type == r.field("documentType") && d.Sure && number != "" && number == documentKey(r.field("documentId"))
			return outcome{
				passed: is, value: is, document: file,
				input:  map[string]any{"document_type": r.field("documentType"), "document_id": r.field("documentId")},
				output: map[string]any{"valid": is, "document_id": orNull(d.Number), "certain": d.Sure},
			}, nil
		},
	}
}

// detectFaces counts.
func detectFaces() step {
	return step{name: "detect_faces", takes: []Field{required("file")}, do: func(ctx context.Context, r *run, _ plannedStep) (outcome, error) {
		d, err := r.s.rooms.Faces.Detect(ctx, identify.DetectRequest{Pack: r.s.cfg.Pack, Photo: r.c.Files["file"], Detail: store.DetailFull})
		if err != nil {
			return outcome{}, refused("file", err)
		}
		n := len(d.Faces) + d.LeftOut
		return outcome{passed: n > 0, value: n, output: map[string]any{"faces": n}}, nil
	}}
}

// compareFaces passes when the person's face is as like the document's portrait as is
// asked.
func compareFaces() step {
	return step{
		name: "compare_faces", takes: []Field{required("face"), required("document"), optional("threshold")},
		do: func(ctx context.Context, r *run, st plannedStep) (outcome, error) {
			face, err := r.portrait(ctx)
			if err != nil {
				return outcome{}, err
			}
			asked := st.asked(r.c.Input)
			portrait, err := r.documentPortrait(ctx)
			if errors.Is(err, errNoPortrait) {
				return outcome{input: map[string]any{"threshold": asked}, output: map[string]any{"reason": "no_portrait"}, value: 0}, nil
			}
			if err != nil {
				return outcome{}, err
			}
			like, err := r.s.rooms.Faces.Compare(ctx, r.s.cfg.Pack, face, portrait)
			if err != nil {
				return outcome{}, err
			}
			return r.similar(Similarity(like.FMR), asked, map[string]any{}), nil
		},
	}
}

// matchUser passes when the face is as like a registered user's as is asked.
func matchUser() step {
	return step{
		name: "match_user", takes: []Field{required("face"), optional("userId"), optional("documentId"), optional("documentType"), optional("threshold")},
		either: []string{"userId", "documentId"},
		do: func(ctx context.Context, r *run, st plannedStep) (outcome, error) {
			user, err := r.user(ctx)
			if err != nil {
				return outcome{}, err
			}
			r.person = user.ID
			if user.face == "" {
				return outcome{}, errNoFaceKept
			}
			asked := st.asked(r.c.Input)
			v, err := r.s.verify(ctx, r.by, r.c.Files["face"], user.face, asked)
			if err != nil {
				return outcome{}, err
			}
			r.tell("user", user.ID)
			return r.similar(v, asked, map[string]any{"user": user.ID}), nil
		},
	}
}

// findUser passes when the face is no registered user's.
func findUser() step {
	return step{name: "find_user", takes: []Field{required("face")}, do: func(ctx context.Context, r *run, _ plannedStep) (outcome, error) {
		face, err := r.likeness(ctx)
		if err != nil {
			return outcome{}, err
		}
		users, err := r.s.usersOf(ctx, r.by, face)
		if err != nil {
			return outcome{}, refused("face", err)
		}
		r.tell("users", users)
		return outcome{passed: len(users) == 0, output: map[string]any{"users": users}}, nil
	}}
}

// saveFace keeps the face for the user to be. One attempt keeps one face: it passes
// for another photo when that shows the same person.
func saveFace() step {
	return step{
		name: "save_face", takes: []Field{required("face"), optional("threshold")}, after: []string{"compare_faces"},
		do: func(ctx context.Context, r *run, st plannedStep) (outcome, error) {
			if r.c.Kind != Signup {
				return outcome{passed: true, output: map[string]any{"saved": false}}, nil
			}
			attempt, err := read(ctx, r.s.db, "attempt", r.c.Attempt, scanAttempt, oneAttempt, r.c.Attempt, r.by.Tenant)
			if err != nil {
				return outcome{}, err
			}
			if attempt.face != "" && attempt.face != string(r.job) {
				similarity, err := r.s.verify(ctx, r.by, r.c.Files["face"], attempt.face, st.threshold)
				if err != nil {
					return outcome{}, err
				}
				same := similarity >= st.threshold
				return outcome{passed: same, output: map[string]any{"saved": false, "same_person": same, "similarity": similarity}}, nil
			}
			face, err := r.likeness(ctx)
			if err != nil {
				return outcome{}, err
			}
			if err := r.s.saveFace(ctx, r.by, store.SubjectID(r.job), r.c.Attempt, face); err != nil {
				return outcome{}, refused("face", err)
			}
			r.face = string(r.job)
			return outcome{passed: true, output: map[string]any{"saved": true}}, nil
		},
	}
}

func checkSmile() step { return checkClip("check_smile", "smile", Clips.Smiles) }

func checkBlink() step { return checkClip("check_blink", "blink", Clips.Blinks) }

// checkClip passes when the clip's face does what is asked.
func checkClip(name, what string, does func(Clips, context.Context, []byte) (bool, error)) step {
	return step{name: name, takes: []Field{required("clip")}, do: func(ctx context.Context, r *run, _ plannedStep) (outcome, error) {
		yes, err := does(r.s.rooms.Clips, ctx, r.c.Files["clip"])
		if err != nil {
			return outcome{}, refused("clip", err)
		}
		return outcome{passed: yes, value: yes, output: map[string]any{what: yes}}, nil
	}}
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
