package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"oneton/index/verify"
	"oneton/store"
)

// comparison is how an index differs from the database.
type comparison struct {
	Position    uint64       `json:"position"`
	Faces       int          `json:"faces"`
	Compared    int          `json:"compared"`
	Differences []difference `json:"differences"`
	Damaged     []damage     `json:"damaged"`
}

// difference is one of an index from the database.
type difference struct {
	scope
	Face string `json:"face,omitempty"`
	What string `json:"what"`
	// Position is the log's at which it is damaged.
	Position uint64 `json:"position,omitempty"`
	// Database and Index are the numbers, where it is one.
	Database int `json:"database,omitempty"`
	Index    int `json:"index,omitempty"`
}

// damage is something in the database that is not as it was written.
type damage struct {
	What   string         `json:"what"`
	Tenant store.TenantID `json:"tenant,omitempty"`
	Name   string         `json:"name"`
}

func comparisonOf(v verify.Verification, damaged []store.Damaged, names map[string]store.Gallery) comparison {
	c := comparison{Position: v.Position, Faces: v.Faces, Compared: v.Compared, Differences: []difference{}, Damaged: []damage{}}
	for _, d := range v.Differences {
		c.Differences = append(c.Differences, difference{scopeOf(d.Scope, names), d.Face, d.What, d.Position, d.Want, d.Have})
	}
	for _, d := range damaged {
		c.Damaged = append(c.Damaged, damage(d))
	}
	return c
}

func (c comparison) write(out io.Writer) {
	for _, d := range c.Differences {
		switch {
		case d.Position > 0:
			fmt.Fprintf(out, "%s\tface %s\t%s at position %d\n", d.scope, cmp.Or(d.Face, "unknown"), d.What, d.Position)
		case d.Face == "":
			fmt.Fprintf(out, "%s\t%s\tdatabase %d, index %d\n", d.scope, d.What, d.Database, d.Index)
		default:
			fmt.Fprintf(out, "%s\tface %s\t%s\n", d.scope, d.Face, d.What)
		}
	}
	fmt.Fprintf(out, "position %d: %d faces in the database, %d compared, %d differences\n", c.Position, c.Faces, c.Compared, len(c.Differences))
	for _, d := range c.Damaged {
		fmt.Fprintln(out, strings.TrimLeft(fmt.Sprintf("%s %s: the %s is damaged in the database", d.Tenant, d.Name, d.What), " "))
	}
}
