package store

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// own are the engines' tables in the order in which they are filled. The log comes
// before the galleries, whose positions would follow it, and photos after faces,
// to which not every engine says that they refer.
var own = []string{"calibrations", "changes", "secret", "spaces", "tenants", "keys", "galleries", "subjects", "faces", "photos"}

// Ordered are the tables so that each stands behind those that it refers to.
func Ordered(tables []Table, refers map[string][]string) ([]Table, error) {
	slices.SortFunc(tables, func(a, b Table) int { return strings.Compare(a.Name, b.Name) })
	byName := make(map[string]Table, len(tables))
	names := slices.Clone(own)
	for _, t := range tables {
		byName[t.Name] = t
		names = append(names, t.Name)
	}
	var ordered []Table
	placed, under := map[string]bool{}, map[string]bool{}
	var place func(name string) error
	place = func(name string) error {
		t, there := byName[name]
		if placed[name] || !there {
			return nil
		}
		if under[name] {
			return fmt.Errorf("%w: tables that refer to each other: %s", ErrInvalid, name)
		}
		under[name] = true
		for _, parent := range refers[name] {
			if parent == name {
				continue
			}
			if err := place(parent); err != nil {
				return err
			}
		}
		placed[name] = true
		ordered = append(ordered, t)
		return nil
	}
	for _, name := range names {
		if err := place(name); err != nil {
			return nil, err
		}
	}
	return ordered, nil
}

// PartNames are the parts' names, the engine's own first, to whose tables the others
// refer.
func PartNames(parts map[string]Part) []string {
	return slices.SortedFunc(maps.Keys(parts), func(a, b string) int {
		if (a == OwnPart) != (b == OwnPart) {
			return map[bool]int{true: -1, false: 1}[a == OwnPart]
		}
		return strings.Compare(a, b)
	})
}

// NewestMigration is the number that leads the name of the last of the SQL files in
// the folder.
func NewestMigration(files fs.FS, folder string) (newest int64, err error) {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	for _, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "_")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil && strings.HasSuffix(e.Name(), ".sql") {
			newest = max(newest, n)
		}
	}
	return newest, nil
}
