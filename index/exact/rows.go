package exact

import (
	"slices"

	"github.com/google/uuid"
)

// row is what the shelf knows of a row of its set. Rows are numbered in the
// order of their coming, and a number is not used twice.
type row struct {
	face   uuid.UUID
	person *person
	// template is the template's hash, which tells a face that was put again
	// for its metadata from one that has changed.
	template uint64
}

const (
	leafRows   = 64
	nodeLeaves = 1024
)

// rows are a shelf's rows by number, as of one moment: edits make a new
// version, which shares with the old one what they leave alone.
type rows struct {
	nodes []*rowNode
	count int
	// version counts the edits that came to this.
	version uint64
}

// rowNode is of the version that changed it last. Its leaves are nodeLeaves at
// most, and end with the last that there was.
type rowNode struct {
	version uint64
	count   int
	leaves  []*rowLeaf
}

// rowLeaf has a person in the rows that there are. They are leafRows at most, and
// end with the last that there was.
type rowLeaf struct {
	version uint64
	count   int
	rows    []row
}

// each calls do with the node's rows, of which the first has the number base,
// by rising numbers.
func (n *rowNode) each(base uint32, do func(id uint32, r *row)) {
	for l, leaf := range n.leaves {
		if leaf == nil {
			continue
		}
		for i := range leaf.rows {
			if leaf.rows[i].person != nil {
				do(base+uint32(l*leafRows+i), &leaf.rows[i])
			}
		}
	}
}

// each calls do with every row, by rising numbers.
func (r *rows) each(do func(id uint32, r *row)) {
	for i, n := range r.nodes {
		if n != nil {
			n.each(uint32(i)*leafRows*nodeLeaves, do)
		}
	}
}

func (r *rows) at(id uint32) (row, bool) {
	n, l := id/leafRows/nodeLeaves, id/leafRows%nodeLeaves
	if int(n) >= len(r.nodes) || r.nodes[n] == nil || int(l) >= len(r.nodes[n].leaves) {
		return row{}, false
	}
	leaf, at := r.nodes[n].leaves[l], int(id%leafRows)
	if leaf == nil || at >= len(leaf.rows) {
		return row{}, false
	}
	return leaf.rows[at], leaf.rows[at].person != nil
}

// rowEdit makes the next version of rows. It copies a node or leaf before it
// first changes it.
type rowEdit struct {
	rows
	// changed tells that something was.
	changed bool
}

func (r *rows) edit() *rowEdit {
	return &rowEdit{rows: rows{append([]*rowNode(nil), r.nodes...), r.count, r.version + 1}}
}

// touch says that what belongs to a row has changed, and returns its node.
func (e *rowEdit) touch(id uint32) *rowNode {
	e.changed = true
	n := id / leafRows / nodeLeaves
	e.nodes = reaching(e.nodes, int(n))
	node := e.nodes[n]
	if node == nil || node.version != e.version {
		fresh := &rowNode{version: e.version}
		if node != nil {
			fresh.count, fresh.leaves = node.count, slices.Clone(node.leaves)
		}
		node, e.nodes[n] = fresh, fresh
	}
	return node
}

func (e *rowEdit) own(id uint32) (*rowNode, *rowLeaf) {
	node, l := e.touch(id), id/leafRows%nodeLeaves
	node.leaves = reaching(node.leaves, int(l))
	leaf := node.leaves[l]
	if leaf == nil || leaf.version != e.version {
		fresh := &rowLeaf{version: e.version}
		if leaf != nil {
			fresh.count, fresh.rows = leaf.count, slices.Clone(leaf.rows)
		}
		leaf, node.leaves[l] = fresh, fresh
	}
	leaf.rows = reaching(leaf.rows, int(id%leafRows))
	return node, leaf
}

// reaching returns s, made longer if need be to have a place i.
func reaching[T any](s []T, i int) []T {
	if more := i + 1 - len(s); more > 0 {
		s = append(s, make([]T, more)...)
	}
	return s
}

// put adds or replaces a row, which has a person.
func (e *rowEdit) put(id uint32, r row) {
	node, leaf := e.own(id)
	if leaf.rows[id%leafRows].person == nil {
		node.count++
		leaf.count++
		e.count++
	}
	leaf.rows[id%leafRows] = r
}

// remove removes a row that there is.
func (e *rowEdit) remove(id uint32) {
	node, leaf := e.own(id)
	leaf.rows[id%leafRows] = row{}
	node.count--
	leaf.count--
	e.count--
	if leaf.count == 0 {
		node.leaves[id/leafRows%nodeLeaves] = nil
	}
	if node.count == 0 {
		e.nodes[id/leafRows/nodeLeaves] = nil
	}
}
