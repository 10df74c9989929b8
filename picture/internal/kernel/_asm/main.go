// Command _asm writes the kernels.
package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("!noasm")
	transform()
	transformLow()
	blend()
	combine()
	convert()
	Generate()
}
