package diagram

import (
	"bytes"
	"fmt"
	"strings"
)

// Mermaid writes a definition as the text of a Mermaid state diagram, which
// GitHub and many editors draw: https://mermaid.js.org/syntax/stateDiagram.html.
func Mermaid(definition []byte, o Options) ([]byte, error) {
	c, err := read(definition)
	if err != nil {
		return nil, err
	}
	m := &mermaid{o: o, ids: map[*node]string{}}
	if o.Title != "" {
		fmt.Fprintf(&m.b, "---\ntitle: %s\n---\n", plainText(o.Title))
	}
	m.b.WriteString("stateDiagram-v2\n    direction TB\n")
	m.chart(c, "    ")
	m.classes()
	return m.b.Bytes(), nil
}

type mermaid struct {
	b       bytes.Buffer
	o       Options
	ids     map[*node]string
	classed [][2]string // id, look
}

// plainText keeps what would end a text in Mermaid out of it.
func plainText(s string) string {
	return strings.NewReplacer("\n", " ", "\r", " ", `"`, "'", ";", ",", "#", " ", ":", "꞉", "{", "(", "}", ")", "<", "‹", ">", "›", "%", " ").Replace(s)
}

func (m *mermaid) chart(c *chart, indent string) {
	for _, n := range c.nodes {
		if n.kind == kindStart || n.kind == kindEnd {
			m.ids[n] = "[*]"
			continue
		}
		id := fmt.Sprintf("s%d", len(m.ids))
		m.ids[n] = id
		m.classed = append(m.classed, [2]string{id, m.o.Run.look(n)})
		label := n.name
		if n.kind != "Task" || n.detail != "" {
			label += " (" + n.subtitle() + ")"
		}
		if t := m.tally(n); t != nil && t.Items > 0 {
			label += fmt.Sprintf(" %d of %d", t.ItemsDone, t.Items)
		} else if t != nil && t.Entered > 1 {
			label += " " + strings.Join(words(t), ", ")
		}
		fmt.Fprintf(&m.b, "%sstate \"%s\" as %s\n", indent, plainText(label), id)
		if len(n.inner) == 0 {
			continue
		}
		fmt.Fprintf(&m.b, "%sstate %s {\n", indent, id)
		for i, in := range n.inner {
			if i > 0 {
				fmt.Fprintf(&m.b, "%s    --\n", indent)
			}
			m.chart(in, indent+"    ")
			if first := in.by[in.start]; first != nil {
				fmt.Fprintf(&m.b, "%s    [*] --> %s\n", indent, m.ids[first])
			}
		}
		fmt.Fprintf(&m.b, "%s}\n", indent)
	}
	for _, e := range c.edges {
		fmt.Fprintf(&m.b, "%s%s --> %s", indent, m.ids[e.from], m.ids[e.to])
		if e.label != "" {
			fmt.Fprintf(&m.b, " : %s", plainText(e.label))
		}
		m.b.WriteByte('\n')
	}
}

func (m *mermaid) tally(n *node) *Tally {
	if m.o.Run == nil {
		return nil
	}
	return m.o.Run.States[n.name]
}

// classes colours the states.
func (m *mermaid) classes() {
	if m.o.Run == nil {
		return
	}
	for _, look := range []string{lookSucceeded, lookFailed, lookCaught, lookRunning, lookAborted, lookUnseen} {
		var ids []string
		for _, c := range m.classed {
			if c[1] == look {
				ids = append(ids, c[0])
			}
		}
		if len(ids) > 0 {
			fmt.Fprintf(&m.b, "    classDef %s fill:%s,stroke:%s\n    class %s %s\n", look, looks[look].fill, looks[look].line, strings.Join(ids, ","), look)
		}
	}
}
