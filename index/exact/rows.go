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
}

type rowNode struct {
	edit   *rowEdit
	count  int
	leaves [nodeLeaves]*rowLeaf
}

// rowLeaf has a person in the rows that there are.
type rowLeaf struct {
	edit  *rowEdit
	count int
	rows  [leafRows]row
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
type rowEdit struct{ rows }

func (r *rows) edit() *rowEdit {
	return &rowEdit{rows{append([]*rowNode(nil), r.nodes...), r.count}}
}

func (e *rowEdit) own(id uint32) (*rowNode, *rowLeaf) {
	n, l := id/leafRows/nodeLeaves, id/leafRows%nodeLeaves
	for int(n) >= len(e.nodes) {
		e.nodes = append(e.nodes, nil)
	}
	node := e.nodes[n]
	if node == nil || node.edit != e {
		fresh := new(rowNode)
		if node != nil {
			*fresh = *node
		}
		fresh.edit = e
		node, e.nodes[n] = fresh, fresh
	}
	leaf := node.leaves[l]
	if leaf == nil || leaf.edit != e {
		fresh := new(rowLeaf)
		if leaf != nil {
			*fresh = *leaf
		}
		fresh.edit = e
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
