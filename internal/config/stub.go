package config

import "github.com/coranto/coranto"

// Load reads the file at path.
func Load(path string) (*Config, error) { panic("soon") }

// Parse reads data; name is what errors call it.
func Parse(name string, data []byte) (*Config, error) { panic("soon") }

// Hash identifies what the file says (not how it is written).
func (c *Config) Hash() string { panic("soon") }

// SourceEdit is a source as AddSource writes it; empty fields are left out.
type SourceEdit struct {
	ID, URL, Title, Site, Kind, Author, Language, Zone, FullText, Every string
	Tags                                                                []string
	Paused, Retired                                                     bool
	Include, Exclude                                                    *coranto.Filter
}

// AddSource returns the file with the source at the end of its list.
func AddSource(data []byte, s SourceEdit) ([]byte, error) { panic("soon") }

// RetireSource marks a source as never to be asked again.
func RetireSource(data []byte, id string) ([]byte, error) { panic("soon") }

// PauseSource sets or lifts the pause of a source.
func PauseSource(data []byte, id string, paused bool) ([]byte, error) { panic("soon") }

// SetSourceURL changes the address of a source; its id stays.
func SetSourceURL(data []byte, id, url string) ([]byte, error) { panic("soon") }

// TemplateData is what a new file starts from.
type TemplateData struct{ Title, URL, Language, Timezone string }

// Template returns the file that a new site starts with.
func Template(t TemplateData) []byte { panic("soon") }

// AddSources adds several at once.
func AddSources(data []byte, list []SourceEdit) ([]byte, error) { panic("soon") }
