package demo

// person is someone to enrol.
type person struct {
	id, name string
	// file is the photo to enrol from. When face is not 0 it is a group photo,
	// and the face of that number from the left is cut out of it.
	file string
	face int
}

// persons are enrolled with the names that the photos' sources give; people
// on group photos have none. Those chosen look like nobody else on them: two women
// of sample6.jpg and sample4.jpg are so alike that nobody knows whether they are one.
func persons() []person {
	return []person{
		{id: "barack-obama", name: "Barack Obama", file: "obama.jpg"},
		{id: "joe-biden", name: "Joe Biden", file: "biden.jpg"},
		{id: "person-a", name: "Person A", file: "sample6.jpg", face: 1},
		{id: "person-b", name: "Person B", file: "sample6.jpg", face: 4},
		{id: "person-c", name: "Person C", file: "sample3.jpg", face: 2},
		{id: "person-d", name: "Person D", file: "sample5.jpg", face: 3},
	}
}

// nobody stands for a stranger among those expected on a photo.
const nobody = ""

// probe is a photo to search, and the truth about it.
type probe struct {
	file string
	// edit makes another picture of the file where no other photo of its
	// person is at hand; how says what it does.
	edit edit
	how  string
	// group marks a photo of a group, all of whose faces are searched.
	group bool
	// shows are the ids of the people on it from left to right.
	shows []string
}

func (p probe) title() string {
	if p.how == "" {
		return p.file
	}
	return p.file + ", " + p.how
}

func probes() []probe {
	return []probe{
		{file: "obama2.jpg", shows: []string{"barack-obama"}},
		{file: "obama3.jpg", shows: []string{"barack-obama"}},
		{file: "obama_partial_face.jpg", shows: []string{"barack-obama"}},
		{file: "biden.jpg", edit: edits(mirrored, dimmed, halved), how: "mirrored, dark", shows: []string{"joe-biden"}},
		{file: "astronaut.png", shows: []string{nobody}},
		{file: "chelsea.png"},
		{file: "sample6.jpg", edit: mirrored, how: "mirrored", group: true, shows: []string{"person-b", nobody, nobody, "person-a"}},
		{file: "sample3.jpg", edit: mirrored, how: "mirrored", group: true, shows: []string{nobody, "person-c", nobody}},
		{file: "sample5.jpg", edit: edits(mirrored, dimmed), how: "mirrored, dark", group: true, shows: []string{nobody, nobody, "person-d", nobody, nobody}},
		{file: "sample4.jpg", group: true, shows: []string{nobody, nobody, nobody, nobody}},
	}
}
