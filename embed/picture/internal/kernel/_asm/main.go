// Command _asm writes the kernels.
package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("!noasm")
	transform()
	blend()
	combine()
	convert()
	Generate()
}
