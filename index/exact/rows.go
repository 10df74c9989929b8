package exact

import "github.com/google/uuid"

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

// rowNode is of the version that changed it last.
type rowNode struct {
	version uint64
	count   int
	leaves  [nodeLeaves]*rowLeaf
}

// rowLeaf has a person in the rows that there are.
type rowLeaf struct {
	version uint64
	count   int
	rows    [leafRows]row
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
	if int(n) >= len(r.nodes) || r.nodes[n] == nil || r.nodes[n].leaves[l] == nil {
		return row{}, false
	}
	found := r.nodes[n].leaves[l].rows[id%leafRows]
	return found, found.person != nil
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
	for int(n) >= len(e.nodes) {
		e.nodes = append(e.nodes, nil)
	}
	node := e.nodes[n]
	if node == nil || node.version != e.version {
		fresh := new(rowNode)
		if node != nil {
			*fresh = *node
		}
		fresh.version = e.version
		node, e.nodes[n] = fresh, fresh
	}
	return node
}

func (e *rowEdit) own(id uint32) (*rowNode, *rowLeaf) {
	node, l := e.touch(id), id/leafRows%nodeLeaves
	leaf := node.leaves[l]
	if leaf == nil || leaf.version != e.version {
		fresh := new(rowLeaf)
		if leaf != nil {
			*fresh = *leaf
		}
		fresh.version = e.version
		leaf, node.leaves[l] = fresh, fresh
	}
	return node, leaf
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
