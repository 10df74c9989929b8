package twoface

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"oneton/kyc"
	"oneton/server"
	"oneton/server/decode"
	"oneton/store"
)

// start begins a workflow, and answers with its job's id.
func (d *dialect) start(c *fiber.Ctx, s kyc.Session) error {
	w, err := d.service.Workflow(segment(c, "workflowName"))
	if err != nil {
		return err
	}
	in, err := inputsOf(c, w.Inputs)
	if err != nil {
		return err
	}
	job, err := d.service.Start(c.UserContext(), server.ActorOf(c), s, w.Name, in)
	if err != nil {
		return err
	}
	c.Set(headerJob, job)
	return answer(c, job)
}

// inputsOf reads a workflow's fields.
func inputsOf(c *fiber.Ctx, fields []kyc.Field) (kyc.Input, error) {
	shape, files := make([]reflect.StructField, len(fields)), 0
	for i, f := range fields {
		shape[i] = reflect.StructField{Name: "F" + strconv.Itoa(i), Type: kinds[f.Kind], Tag: reflect.StructTag(fmt.Sprintf("param:%q", f.Name))}
		if f.Kind == kyc.File {
			files++
		}
	}
	into := reflect.New(reflect.StructOf(shape))
	if err := read(c, files, into.Interface()); err != nil {
		return kyc.Input{}, err
	}
	in := kyc.Input{Fields: map[string]string{}, Files: map[string][]byte{}}
	for i, f := range fields {
		value := into.Elem().Field(i)
		if value.IsZero() {
			switch {
			case f.Required && f.Kind == kyc.File:
				return kyc.Input{}, fileless.Problem()
			case f.Required && len(f.OneOf) == 0:
				return kyc.Input{}, decode.Invalid(f.Name, "is required")
			case f.Required:
				return kyc.Input{}, among("'"+f.Name+"'", "", ", ", f.OneOf)
			}
			continue
		}
		switch v := value.Interface().(type) {
		case decode.Photo:
			if err := fits(v); err != nil {
				return kyc.Input{}, err
			}
			in.Files[f.Name] = v
		case string:
			if len(f.OneOf) > 0 {
				if err := among("'"+f.Name+"'", v, ", ", f.OneOf); err != nil {
					return kyc.Input{}, err
				}
			}
			in.Fields[f.Name] = v
		case *float64:
			in.Fields[f.Name] = strconv.FormatFloat(*v, 'g', -1, 64)
		case decode.Object:
			in.Fields[f.Name] = string(v)
		}
	}
	return in, nil
}

// kinds are what fields of workflows are decoded into.
var kinds = map[kyc.FieldKind]reflect.Type{
	kyc.File:   reflect.TypeFor[decode.Photo](),
	kyc.Text:   reflect.TypeFor[string](),
	kyc.Number: reflect.TypeFor[*float64](),
	kyc.Object: reflect.TypeFor[decode.Object](),
}

// job tells how far a job is, and what it came to.
func (d *dialect) job(c *fiber.Ctx, by store.Actor) error {
	j, err := d.service.Job(c.UserContext(), by, segment(c, "id"))
	if err != nil {
		return err
	}
	return answer(c, struct {
		Status int             `json:"status"`
		Output json.RawMessage `json:"output"`
	}{j.Status, j.Output})
}
