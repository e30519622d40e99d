package diagram

import (
	"cmp"
	"math"
	"slices"
)

// Distances, in pixels.
const (
	gapX      = 34.0 // between states of a layer
	gapEdge   = 18.0 // between edges that pass, and around them
	gapY      = 26.0 // between a layer of states and the labels that follow it
	labelH    = 20.0
	padGroup  = 22.0
	headGroup = 62.0 // of a Map or Parallel: its name and what it does
	circle    = 44.0
	nodeH     = 50.0
	minNode   = 150.0
	maxNode   = 300.0
)

// slot is a place in a layer: a state, the label of an edge, or an edge that
// passes through.
type slot struct {
	node   *node
	edge   *edge // of a label or a passing edge
	label  bool
	layer  int
	w, h   float64
	x      float64 // of its middle
	up     []tie
	down   []tie
	back   bool // belongs to an edge that leads upwards: stays on the right
	at     int
	weight float64
}

// tie joins a slot to one of a neighbouring layer, and says how much it matters
// that they stand one above the other.
type tie struct {
	*slot
	pull float64
}

// pulls keep the way that is mostly gone straight; errors go aside.
var pulls = map[string]float64{"next": 3, "choice": 1.2, "default": 1, "catch": 0.15}

// passing is the pull between two slots of one edge: long edges are straight.
const passing = 6

// graph is a chart on its way to be laid out: layers of slots, those of the
// states at even numbers, those of labels between them.
type graph struct {
	c      *chart
	of     map[*node]*slot
	layers [][]*slot
	chains map[*edge][]*slot
	back   map[*edge]bool
}

// layout places everything in a chart and returns its size.
func layout(c *chart) (w, h float64) {
	for _, n := range c.nodes {
		measure(n)
	}
	g := &graph{c: c, of: map[*node]*slot{}, chains: map[*edge][]*slot{}, back: map[*edge]bool{}}
	g.rank()
	g.chain()
	g.order()
	g.place()
	return g.finish()
}

// measure gives a state its size, after what is within it.
func measure(n *node) {
	switch {
	case n.kind == kindStart || n.kind == kindEnd:
		n.w, n.h = circle, circle
	case len(n.inner) == 0:
		n.w = min(maxNode, max(minNode, 68+max(textWidth(n.name, 14), textWidth(n.subtitle(), 11.5))))
		n.h = nodeH
	default:
		x, tall := padGroup, 0.0
		for _, c := range n.inner {
			w, h := layout(c)
			c.move(x, headGroup)
			x += w + gapX
			tall = max(tall, h)
		}
		x += padGroup - gapX
		want := max(x, 76+max(textWidth(n.name, 14), textWidth(n.subtitle(), 11.5)), 250)
		for _, c := range n.inner {
			c.move((want-x)/2, 0)
		}
		n.w, n.h = want, headGroup+tall+padGroup
	}
}

// move moves a chart that is laid out, with all within it.
func (c *chart) move(dx, dy float64) {
	for _, n := range c.nodes {
		n.x += dx
		n.y += dy
		for _, in := range n.inner {
			in.move(dx, dy)
		}
	}
	for _, e := range c.edges {
		for i := range e.points {
			e.points[i].x += dx
			e.points[i].y += dy
		}
		if e.labelAt != nil {
			e.labelAt.x += dx
			e.labelAt.y += dy
		}
	}
}

// rank gives every state its layer: below all that lead to it, but for the
// edges that close a loop.
func (g *graph) rank() {
	out := map[*node][]*edge{}
	for _, e := range g.c.edges {
		out[e.from] = append(out[e.from], e)
	}
	state := map[*node]int{}
	var sorted []*node
	var visit func(n *node)
	visit = func(n *node) {
		state[n] = 1
		for _, e := range out[n] {
			switch state[e.to] {
			case 0:
				visit(e.to)
			case 1:
				g.back[e], e.back = true, true
			}
		}
		state[n] = 2
		sorted = append(sorted, n)
	}
	first := g.c.by[g.c.start]
	if g.c.top {
		first = g.c.nodes[0]
	}
	if first != nil {
		visit(first)
	}
	for _, n := range g.c.nodes {
		if state[n] == 0 {
			visit(n)
		}
	}
	slices.Reverse(sorted)
	layer := map[*node]int{}
	deepest := 0
	for _, n := range sorted {
		for _, e := range out[n] {
			if !g.back[e] {
				layer[e.to] = max(layer[e.to], layer[n]+1)
				deepest = max(deepest, layer[e.to])
			}
		}
	}
	if end := g.c.end(); end != nil {
		layer[end] = max(layer[end], deepest)
	}
	g.layers = make([][]*slot, 2*deepest+1)
	for _, n := range g.c.nodes {
		s := &slot{node: n, layer: 2 * layer[n], w: n.w, h: n.h, weight: 4}
		g.of[n] = s
		g.put(s)
	}
}

func (g *graph) put(s *slot) { g.layers[s.layer] = append(g.layers[s.layer], s) }

// chain gives every edge a slot in each layer it passes, and its label one.
func (g *graph) chain() {
	for _, e := range g.c.edges {
		from, to := g.of[e.from], g.of[e.to]
		first, last := from.layer+1, to.layer-1
		if g.back[e] {
			first, last = to.layer, from.layer // it passes beside both
		}
		labelled := e.label == ""
		var chain []*slot
		for l := first; l <= last; l++ {
			s := &slot{edge: e, layer: l, w: 2, weight: pulls[e.kind], back: g.back[e]}
			if !labelled && (l%2 == 1 || first == last) { // of a loop of one state: beside it
				labelled, s.label = true, true
				s.w, s.h = textWidth(e.label, 11)+18, labelH
			}
			chain = append(chain, s)
			g.put(s)
		}
		g.chains[e] = chain
		for i := 1; i < len(chain); i++ {
			link(chain[i-1], chain[i], passing)
		}
		if !g.back[e] && len(chain) > 0 {
			link(from, chain[0], pulls[e.kind])
			link(chain[len(chain)-1], to, pulls[e.kind])
		}
	}
}

func link(a, b *slot, pull float64) {
	a.down = append(a.down, tie{b, pull})
	b.up = append(b.up, tie{a, pull})
}

// order puts the slots of each layer into an order with few crossings: each
// goes to the mean of those it is joined to, downwards and upwards in turn; the
// best order seen is kept.
func (g *graph) order() {
	// The first is that of a walk from the start, so that what is written first
	// stands left.
	seen := map[*slot]bool{}
	rank := 0
	var walk func(s *slot)
	walk = func(s *slot) {
		if seen[s] {
			return
		}
		seen[s] = true
		s.at = rank
		rank++
		for _, d := range s.down {
			walk(d.slot)
		}
	}
	for _, l := range g.layers {
		for _, s := range l {
			walk(s)
		}
	}
	for _, l := range g.layers {
		sortLayer(l, func(s *slot) float64 { return float64(s.at) })
	}
	best, least := g.copyOrder(), g.crossings()
	for round := 0; round < 24 && least > 0; round++ {
		for i := range g.layers {
			l := g.layers[i]
			if round%2 == 1 {
				l = g.layers[len(g.layers)-1-i]
			}
			sortLayer(l, func(s *slot) float64 {
				with := s.up
				if round%2 == 1 {
					with = s.down
				}
				return mean(with, float64(s.at))
			})
		}
		if n := g.crossings(); n < least {
			best, least = g.copyOrder(), n
		}
	}
	for i := range g.layers {
		copy(g.layers[i], best[i])
		for at, s := range g.layers[i] {
			s.at = at
		}
	}
}

func mean(list []tie, or float64) float64 {
	if len(list) == 0 {
		return or
	}
	sum := 0.0
	for _, s := range list {
		sum += float64(s.at)
	}
	return sum / float64(len(list))
}

// sortLayer sorts by a key; what belongs to loops stays on the right.
func sortLayer(l []*slot, key func(*slot) float64) {
	keys := make(map[*slot]float64, len(l))
	for _, s := range l {
		keys[s] = key(s)
		if s.back {
			keys[s] += 1e6
		}
	}
	slices.SortStableFunc(l, func(a, b *slot) int { return cmp.Compare(keys[a], keys[b]) })
	for i, s := range l {
		s.at = i
	}
}

func (g *graph) copyOrder() [][]*slot {
	out := make([][]*slot, len(g.layers))
	for i, l := range g.layers {
		out[i] = slices.Clone(l)
	}
	return out
}

func (g *graph) crossings() int {
	n := 0
	for _, l := range g.layers {
		var ends []int // of the edges down, in the order of their beginnings
		for _, s := range l {
			var mine []int
			for _, d := range s.down {
				mine = append(mine, d.at)
			}
			slices.Sort(mine)
			for _, m := range mine {
				for _, e := range ends {
					if e > m {
						n++
					}
				}
			}
			ends = append(ends, mine...)
		}
	}
	return n
}

// place gives every slot its x: as near as can be below and above what it is
// joined to, with the order and the distances kept.
func (g *graph) place() {
	for _, l := range g.layers {
		x := 0.0
		for i, s := range l {
			if i > 0 {
				x += apart(l[i-1], s)
			}
			s.x = x
		}
	}
	for round := range 61 { // the last goes downwards: what hangs on one state hangs straight
		for i := range g.layers {
			l := g.layers[i]
			if round%2 == 1 {
				l = g.layers[len(g.layers)-1-i]
			}
			want := make([]float64, len(l))
			for j, s := range l {
				with := s.up
				if round%2 == 1 {
					with = s.down
				}
				if round >= 40 && round < 60 {
					with = append(slices.Clone(s.up), s.down...)
				}
				want[j] = near(with, s.x)
			}
			settle(l, want)
		}
	}
}

// near is the weighted mean of where others are.
func near(with []tie, or float64) float64 {
	if len(with) == 0 {
		return or
	}
	sum, weight := 0.0, 0.0
	for _, s := range with {
		sum += s.x * s.pull
		weight += s.pull
	}
	return sum / weight
}

func apart(a, b *slot) float64 {
	gap := gapX
	if a.node == nil || b.node == nil {
		gap = gapEdge
	}
	return a.w/2 + gap + b.w/2
}

// settle moves the slots of a layer to where they want to be, by least squares
// under the distances they keep: neighbours that would overlap move as a block.
func settle(l []*slot, want []float64) {
	type block struct {
		sum, weight float64 // of the wishes for the first slot's place
		first, n    int
		width       float64 // from the first to the last
	}
	var blocks []block
	at := func(b block) float64 { return b.sum / b.weight }
	for i, s := range l {
		b := block{sum: want[i] * s.weight, weight: s.weight, first: i, n: 1}
		for len(blocks) > 0 {
			p := blocks[len(blocks)-1]
			gap := apart(l[p.first+p.n-1], l[b.first])
			if at(p)+p.width+gap <= at(b) {
				break
			}
			off := p.width + gap
			p.sum += b.sum - off*b.weight
			p.weight += b.weight
			p.n += b.n
			p.width = off + b.width
			blocks = blocks[:len(blocks)-1]
			b = p
		}
		blocks = append(blocks, b)
	}
	for _, b := range blocks {
		x := at(b)
		for i := b.first; i < b.first+b.n; i++ {
			if i > b.first {
				x += apart(l[i-1], l[i])
			}
			l[i].x = x
		}
	}
}

// finish turns places into pixels: boxes of states, points of edges.
func (g *graph) finish() (w, h float64) {
	left, right := math.Inf(1), math.Inf(-1)
	for _, l := range g.layers {
		for _, s := range l {
			left, right = min(left, s.x-s.w/2), max(right, s.x+s.w/2)
		}
	}
	tops := make([]float64, len(g.layers)+1)
	tall := make([]float64, len(g.layers))
	y := 0.0
	for i, l := range g.layers {
		tops[i] = y
		for _, s := range l {
			tall[i] = max(tall[i], s.h)
		}
		y += tall[i]
		if i < len(g.layers)-1 {
			y += gapY
			if i%2 == 1 && tall[i] == 0 {
				y -= gapY / 2
			}
		}
	}
	loops := false
	for _, l := range g.layers {
		for _, s := range l {
			s.x -= left
			if s.node != nil {
				s.node.x, s.node.y = s.x-s.w/2, tops[s.layer]
				if tall[s.layer] < 2*nodeH { // beside a group it stays where the way leads
					s.node.y += (tall[s.layer] - s.h) / 2
				}
				for _, c := range s.node.inner {
					c.move(s.node.x, s.node.y)
				}
			}
		}
	}
	ports := g.ports()
	for _, e := range g.c.edges {
		chain := g.chains[e]
		out, in := point{ports[e].out, e.from.y + e.from.h}, point{ports[e].in, e.to.y}
		// Beside a tall neighbour an edge stays upright.
		above, below := g.of[e.to].layer, g.of[e.from].layer
		e.points = []point{out, {out.x, tops[below] + tall[below]}}
		if g.back[e] {
			loops = true
			for i, s := range slices.Backward(chain) {
				if tall[s.layer] == 0 && i > 0 && i < len(chain)-1 {
					continue
				}
				e.points = append(e.points, point{s.x, tops[s.layer] + tall[s.layer]}, point{s.x, tops[s.layer]})
			}
		} else {
			for _, s := range chain {
				if tall[s.layer] > 0 { // where there is nothing to pass, it bends freely
					e.points = append(e.points, point{s.x, tops[s.layer]}, point{s.x, tops[s.layer] + tall[s.layer]})
				}
			}
		}
		e.points = append(e.points, point{in.x, tops[above]}, in)
		for _, s := range chain {
			if s.label {
				e.labelAt = &box{s.x - s.w/2, tops[s.layer] + (tall[s.layer]-s.h)/2, s.w, s.h}
			}
		}
	}
	if loops { // they bend beyond the first and the last layer
		g.c.move(0, gapY)
		y += 2 * gapY
	}
	return right - left, y
}

type port struct{ out, in float64 }

// ports spreads the edges of a state along its lower and upper side, in the
// order in which they go away, so that they do not lie upon each other.
func (g *graph) ports() map[*edge]port {
	ends := map[*edge]port{}
	outs, ins := map[*node][]*edge{}, map[*node][]*edge{}
	for _, e := range g.c.edges {
		outs[e.from] = append(outs[e.from], e)
		ins[e.to] = append(ins[e.to], e)
	}
	next := func(e *edge, down bool) float64 {
		chain := g.chains[e]
		switch {
		case g.back[e] && len(chain) > 0:
			return 1e6
		case len(chain) == 0 && down:
			return g.of[e.to].x
		case len(chain) == 0:
			return g.of[e.from].x
		case down:
			return chain[0].x
		}
		return chain[len(chain)-1].x
	}
	for _, n := range g.c.nodes {
		for _, side := range []struct {
			list []*edge
			down bool
		}{{outs[n], true}, {ins[n], false}} {
			list := slices.Clone(side.list)
			slices.SortStableFunc(list, func(a, b *edge) int { return cmp.Compare(next(a, side.down), next(b, side.down)) })
			step := min(22, n.w*0.8/float64(max(1, 2*len(list)-1)))
			if n.kind == kindEnd || n.kind == kindStart {
				step = 0
			}
			middle := middleOf(list)
			for i, e := range list {
				x := n.x + n.w/2 + (float64(i)-middle)*step
				p := ends[e]
				if side.down {
					p.out = x
				} else {
					p.in = x
				}
				ends[e] = p
			}
		}
	}
	return ends
}

// middleOf is the place among the edges of one side that stands in the middle:
// that of the ways which are mostly gone.
func middleOf(list []*edge) float64 {
	sum, n := 0, 0
	for i, e := range list {
		if e.kind != "catch" && !e.back {
			sum += i
			n++
		}
	}
	if n == 0 {
		return float64(len(list)-1) / 2
	}
	return float64(sum) / float64(n)
}
