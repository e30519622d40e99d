package config

// SourceLine is the line of the file on which a source begins; 0: there is none.
func (c *Config) SourceLine(id string) int {
	for i, s := range c.Sources {
		if s.ID == id {
			for _, key := range []string{index("sources", i), index("sources", i) + ".url", index("sources", i) + ".id"} {
				if n := c.at[key]; n != nil {
					return n.Line
				}
			}
		}
	}
	return 0
}
