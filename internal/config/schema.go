package config

import "encoding/json"

// Schema returns the JSON Schema (2020-12) of the file, for editors. It is made
// of the tables the decoder reads by.
func Schema() []byte {
	s := objectSchema(rootKeys)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = FileName
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(err) // plain data
	}
	return append(b, '\n')
}

func objectSchema[T any](table []entry[T]) schema {
	props := schema{}
	for _, e := range table {
		p := schema{}
		for k, v := range e.schema {
			p[k] = v
		}
		p["description"] = e.doc
		props[e.name] = p
		for _, a := range e.also {
			props[a] = p
		}
	}
	return schema{"type": []string{"object", "null"}, "additionalProperties": false, "properties": props}
}
