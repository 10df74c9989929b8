package twoface

import "github.com/gofiber/fiber/v2"

// Calls are all that are served, as METHOD /path with its parameters.
func Calls() []string {
	d := &dialect{}
	app := fiber.New()
	d.routes(app)
	var all []string
	for _, r := range app.GetRoutes(true) {
		if r.Method != fiber.MethodHead {
			all = append(all, r.Method+" "+r.Path)
		}
	}
	return all
}
