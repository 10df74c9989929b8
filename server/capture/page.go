package capture

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/language"

	"oneton/facesession"
	"oneton/server/assets"
)

//go:embed page/*.js page/*.css page/*.svg
var parts embed.FS

//go:embed page/page.html
var pageSource string

//go:embed texts/*.json
var textFiles embed.FS

// languages are those that the page speaks, the first where nothing else is asked for.
var languages = []string{"en", "es", "ar"}

// rightToLeft are those that are written so.
var rightToLeft = []string{"ar"}

// modules are what the page's script is made of beside page.js, which asks for them.
var modules = []string{"calls.js", "camera.js", "tell.js", "view.js"}

// shown are the codes that the server itself shows, on a page on which nothing can be
// done.
var shown = []facesession.Code{facesession.ExpiredOrUnknown, facesession.Unauthorized, facesession.Unexpected}

// pages are the page in each language, by the code that it shows; empty is the page on
// which a session is done.
type pages struct {
	by      map[string]map[facesession.Code]assets.Content
	matcher language.Matcher
}

type link struct{ Lang, Name string }

func render(folder string) (pages, error) {
	form, err := template.New("page").Parse(pageSource)
	if err != nil {
		return pages{}, err
	}
	p := pages{by: map[string]map[facesession.Code]assets.Content{}}
	texts := map[string]map[string]string{}
	var links []link
	var tags []language.Tag
	for _, lang := range languages {
		raw, err := textFiles.ReadFile("texts/" + lang + ".json")
		if err != nil {
			return pages{}, err
		}
		of := map[string]string{}
		if err := json.Unmarshal(raw, &of); err != nil {
			return pages{}, fmt.Errorf("read the texts of %s: %w", lang, err)
		}
		texts[lang] = of
		links = append(links, link{lang, of["language"]})
		tags = append(tags, language.Make(lang))
	}
	p.matcher = language.NewMatcher(tags)
	for _, lang := range languages {
		p.by[lang] = map[facesession.Code]assets.Content{}
		for _, code := range append([]facesession.Code{""}, shown...) {
			if p.by[lang][code], err = draw(form, folder, lang, code, texts[lang], links); err != nil {
				return pages{}, fmt.Errorf("draw %q in %s: %w", code, lang, err)
			}
		}
	}
	return p, nil
}

func draw(form *template.Template, folder, lang string, code facesession.Code, texts map[string]string, links []link) (assets.Content, error) {
	all, err := json.Marshal(texts)
	if err != nil {
		return assets.Content{}, err
	}
	direction, about := "ltr", "intro"
	if slices.Contains(rightToLeft, lang) {
		direction = "rtl"
	}
	if code != "" {
		about = "fail." + string(code)
	}
	var b bytes.Buffer
	err = form.Execute(&b, map[string]any{
		"Lang": lang, "Dir": direction, "Assets": folder, "Modules": modules, "Languages": links,
		"Code": code, "Texts": texts, "JSON": string(all), "Heading": texts[about+".heading"], "Text": texts[about+".text"],
	})
	if err != nil {
		return assets.Content{}, err
	}
	return assets.NewContent(fiber.MIMETextHTMLCharsetUTF8, b.Bytes()), nil
}

// language is what the address asks for, or else what the browser prefers.
func (p pages) language(c *fiber.Ctx) string {
	_, i := language.MatchStrings(p.matcher, c.Query("lang"), c.Get(fiber.HeaderAcceptLanguage))
	return languages[i]
}

func (p *capture) page(c *fiber.Ctx) error {
	e, err := p.sessions.Embedding(c.UserContext(), c.Params("id"))
	if err != nil {
		return err
	}
	return p.sendPage(c, "", &e)
}

// sendPage sends the page that shows a code, or on which a session is done.
func (p *capture) sendPage(c *fiber.Ctx, code string, e *facesession.Embedding) error {
	if e == nil && !slices.Contains(shown, facesession.Code(code)) {
		code = string(facesession.Unexpected)
	}
	guard(c, e)
	c.Vary(fiber.HeaderAcceptLanguage)
	lang := p.pages.language(c)
	c.Set(fiber.HeaderContentLanguage, lang)
	return p.pages.by[lang][facesession.Code(code)].Send(c)
}
