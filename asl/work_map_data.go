package asl

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"unicode/utf8"
)

// itemReader is ItemReader: a task whose output is the items, or a document
// that holds them.
type itemReader struct {
	resource   string
	parameters expr
	format     string // JSON, JSONL, CSV or empty: an array
	headers    []string
	delimiter  rune
	most       numberField // MaxItems
}

func (r *itemReader) variables(yield func(string)) {
	r.parameters.variables(yield)
	r.most.variables(yield)
}

// resultWriter is ResultWriter: a task that is given the results, and whose
// output tells where they are.
type resultWriter struct {
	resource   string
	parameters expr
}

// read asks for the items.
func (w *mapWork) read(x *Execution, t *thread, e *env, run mapping) {
	input, err := w.reader.parameters.eval(e)
	if err != nil {
		x.fail(t, asFault(err))
		return
	}
	t.mapping = &run
	if x.probe != nil {
		w.succeeded(x, t, x.probe.options.ItemReaderData)
		return
	}
	x.ask(t, w.reader.resource, input)
}

// write asks for the results to be written. The task gets them as Results,
// beside the writer's parameters.
func (w *mapWork) write(x *Execution, t *thread, results Value) {
	e, f := x.effective(t)
	if f != nil {
		x.fail(t, f)
		return
	}
	input, err := w.writer.parameters.eval(e)
	if err != nil {
		x.fail(t, asFault(err))
		return
	}
	t.mapping = &mapping{writing: true}
	x.ask(t, w.writer.resource, input.With("Results", results))
}

func (w *mapWork) succeeded(x *Execution, t *thread, output Value) {
	m := t.mapping
	t.mapping = nil
	if m.writing {
		w.end(x, t, ObjectValue(Member{"MapRunArn", StringValue(x.mapRun(t))}, Member{"ResultWriterDetails", output}))
		return
	}
	e, f := x.effective(t)
	if f != nil {
		x.fail(t, f)
		return
	}
	items, err := w.reader.items(output)
	if err != nil {
		w.failed(x, t, errorf(ErrorItemReader, "The items could not be read: %v", err))
		return
	}
	most, f := w.reader.most.number(e, "integer")
	switch {
	case f != nil:
		x.fail(t, f)
		return
	case w.reader.most.given && most < 1:
		x.fail(t, runtimeFault("MaxItems must be positive."))
		return
	case w.reader.most.given && most < float64(len(items)):
		items = items[:int(most)]
	}
	w.run(x, t, e, items, *m)
}

func (w *mapWork) failed(x *Execution, t *thread, f *fault) {
	m := t.mapping
	t.mapping = nil
	f = &fault{ErrorItemReader, f.cause, true}
	if m != nil && m.writing {
		f.name = ErrorResultWriter
	}
	w.runFailed(x, t, f)
	x.fail(t, f)
}

var errNoItems = errors.New("no array of items")

// items finds the items in what the reader's task returned: an array, an S3
// object with a Body, or a document in the reader's format.
func (r *itemReader) items(v Value) ([]Value, error) {
	if body, ok := v.Lookup("Body"); ok {
		v = body
	}
	if contents, ok := v.Lookup("Contents"); ok {
		v = contents
	}
	if v.kind == Array {
		return v.Elements(), nil
	}
	if v.kind != String {
		return nil, errNoItems
	}
	switch r.format {
	case "CSV":
		return r.csv(v.text)
	case "JSONL":
		var out []Value
		for line := range bytes.Lines([]byte(v.text)) {
			if line = bytes.TrimSpace(line); len(line) == 0 {
				continue
			}
			item, err := ParseValue(line)
			if err != nil {
				return nil, err
			}
			out = append(out, item)
		}
		return out, nil
	}
	doc, err := parseText(v.text)
	if err == nil && doc.kind != Array {
		err = errNoItems
	}
	return doc.Elements(), err
}

func (r *itemReader) csv(text string) ([]Value, error) {
	in := csv.NewReader(bytes.NewReader([]byte(text)))
	in.FieldsPerRecord = -1
	in.LazyQuotes = true
	if r.delimiter != 0 {
		in.Comma = r.delimiter
	}
	headers := r.headers
	var out []Value
	for {
		record, err := in.Read()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if headers == nil {
			headers = slices.Clone(record)
			continue
		}
		members := make([]Member, 0, len(headers))
		for i, h := range headers {
			cell := ""
			if i < len(record) {
				cell = record[i]
			}
			members = append(members, Member{h, StringValue(cell)})
		}
		out = append(out, ObjectValue(members...))
	}
}

func (g *graphCompiler) itemReader(n node) *itemReader {
	r := &itemReader{resource: g.text(n, "Resource"), parameters: g.template(n, "Parameters")}
	g.require(n, "Resource")
	g.resources = append(g.resources, r.resource)
	if r.parameters == nil {
		r.parameters = literal{ObjectValue()}
	}
	config := n.get("ReaderConfig")
	if config.kind == Absent {
		return r
	}
	r.format = g.text(config, "InputType")
	r.most = g.numberField(config, "MaxItems", 1, 100_000_000)
	switch r.format {
	case "", "JSON", "JSONL", "MANIFEST", "PARQUET":
	case "CSV":
		r.delimiter = map[string]rune{"": ',', "COMMA": ',', "PIPE": '|', "SEMICOLON": ';', "SPACE": ' ', "TAB": '\t'}[g.text(config, "CSVDelimiter")]
		switch location := g.text(config, "CSVHeaderLocation"); location {
		case "FIRST_ROW":
		case "GIVEN":
			r.headers = []string{}
			for _, h := range config.Get("CSVHeaders").Elements() {
				r.headers = append(r.headers, h.String())
			}
		default:
			g.schema(config.at+"/CSVHeaderLocation", "Value is not one of the allowed values: [FIRST_ROW, GIVEN]")
		}
		if r.delimiter == 0 || r.delimiter == utf8.RuneError {
			g.schema(config.at+"/CSVDelimiter", "Value is not one of the allowed values: [COMMA, PIPE, SEMICOLON, SPACE, TAB]")
		}
	default:
		g.schema(config.at+"/InputType", "Value is not one of the allowed values: [CSV, JSON, JSONL, MANIFEST, PARQUET]")
	}
	return r
}

func (g *graphCompiler) resultWriter(n node) *resultWriter {
	w := &resultWriter{resource: g.text(n, "Resource"), parameters: g.template(n, "Parameters")}
	g.require(n, "Resource")
	g.resources = append(g.resources, w.resource)
	if w.parameters == nil {
		w.parameters = literal{ObjectValue()}
	}
	return w
}
