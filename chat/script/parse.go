package script

import (
	"slices"
	"strconv"
	"strings"
)

// A parser reads a script line by line.
type parser struct {
	s     *Script
	line  line
	open  []int // ops that begin the repeats we are in
	rest  bool  // a section for all the others has come
	ramp  bool
	stop  bool
	named bool // a "people" line has come
}

// statements are the words by which a line begins, and what reads the rest.
var statements = []struct {
	word string
	read func(*parser) *Error
}{
	{"say", (*parser).say},
	{"wait", (*parser).wait},
	{"expect", (*parser).expect},
	{"choose", (*parser).choose},
	{"join", func(p *parser) *Error { return p.room(join) }},
	{"part", func(p *parser) *Error { return p.room(part) }},
	{"leave", func(p *parser) *Error { return p.add(op{verb: leave}) }},
	{"return", func(p *parser) *Error { return p.add(op{verb: comeBack}) }},
	{"repeat", (*parser).repeat},
	{"end", (*parser).end},
	{"people", (*parser).people},
	{"ramp", (*parser).rampUp},
	{"stop", (*parser).stopAfter},
}

// Parse reads a script. The error is an *Error.
func Parse(source []byte) (*Script, error) {
	if len(source) > MaxSize {
		return nil, errorAt(1, 1, "a script has at most %d bytes, this one has %d", MaxSize, len(source))
	}
	p := parser{s: &Script{}}
	number := 0
	for text := range strings.SplitSeq(strings.TrimPrefix(string(source), "\ufeff"), "\n") {
		number++
		if err := p.read(number, text); err != nil {
			return nil, err
		}
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	if len(p.s.parts) == 0 {
		return nil, errorAt(number, 1, "nobody does anything: a line that says what, such as: say to other \"hello\"")
	}
	return p.s, nil
}

func (p *parser) read(number int, text string) (err *Error) {
	if err = checkText(number, text); err != nil {
		return err
	}
	if p.line, err = cut(number, text); err != nil || !p.line.left() {
		return err
	}
	t, _ := p.line.take("")
	for _, s := range statements {
		if t.is(s.word) {
			if err = s.read(p); err == nil {
				err = p.line.done()
			}
			return err
		}
	}
	words := make([]string, len(statements))
	for i, s := range statements {
		words[i] = s.word
	}
	slices.Sort(words)
	hint := ""
	if strings.HasPrefix(t.text, "#") {
		hint = " (a comment has a blank behind its #)"
	}
	return errorAt(number, t.column, "a line begins with one of %s%s%s", strings.Join(words, ", "), found(t), hint)
}

// add appends an op for the line, in the section of all if none was named.
func (p *parser) add(o op) *Error {
	if len(p.s.parts) == 0 {
		p.s.parts = append(p.s.parts, section{who: everyone})
	}
	if len(p.s.ops) >= maxOps {
		return errorAt(p.line.number, 1, "a script has at most %d lines that are carried out", maxOps)
	}
	o.line, o.column = int32(p.line.number), int32(p.line.words[0].column)
	p.s.ops = append(p.s.ops, o)
	return nil
}

// finish ends the section that was read.
func (p *parser) finish() *Error {
	if n := len(p.open); n > 0 {
		o := p.s.ops[p.open[n-1]]
		return errorAt(int(o.line), int(o.column), "this repeat has no end: a line with the word end")
	}
	p.s.ops = append(p.s.ops, op{verb: end})
	return nil
}

func (p *parser) say() (err *Error) {
	p.line.skip("to")
	o := op{verb: say}
	if err = p.target(&o); err != nil {
		return err
	}
	switch t := p.line.peek(); {
	case !p.line.left():
	case t.quoted:
		p.line.at++
		o.words = t.text
		err = p.template(t)
	default:
		var n int
		if n, err = p.line.count(`a text in quotes, or how many bytes`, 1, 1<<20); err == nil {
			err = p.line.must("bytes")
		}
		o.size = int32(n)
	}
	if err != nil {
		return err
	}
	return p.add(o)
}

func (p *parser) wait() (err *Error) {
	o := op{verb: wait}
	switch {
	case p.line.skip("for"):
		o.verb, err = barrier, p.line.must("everyone")
	case p.line.skip("about"):
		o.verb = waitAbout
		o.least, err = p.line.span()
	default:
		if o.least, err = p.line.span(); err != nil {
			return err
		}
		o.most = o.least
		if p.line.skip("to") {
			at := p.line.peek()
			if o.most, err = p.line.span(); err == nil && o.most < o.least {
				err = errorAt(p.line.number, at.column, "the second time is less than the first")
			}
		}
	}
	if err != nil {
		return err
	}
	return p.add(o)
}

func (p *parser) expect() (err *Error) {
	o := op{verb: expect, target: Anyone}
	p.line.skip("a")
	if err = p.line.must("text"); err != nil {
		return err
	}
	if p.line.skip("from") && !p.line.skip("anyone") {
		at := p.line.peek()
		if err = p.target(&o); err != nil {
			return err
		}
		if o.target == Other || o.target == All || o.target == Room || o.target == Named {
			return errorAt(p.line.number, at.column, "a text can be expected from anyone, partner, them or person 7")
		}
	}
	if err = p.line.must("within"); err != nil {
		return err
	}
	if o.least, err = p.line.span(); err != nil {
		return err
	}
	return p.add(o)
}

func (p *parser) choose() *Error {
	if err := p.line.must("other"); err != nil {
		return err
	}
	return p.add(op{verb: choose, target: Other})
}

func (p *parser) room(v verb) *Error {
	t, err := p.line.take("a room, such as #hall")
	if err == nil && (t.quoted || !strings.HasPrefix(t.text, "#") || len(t.text) > maxWord) {
		err = errorAt(p.line.number, t.column, "here it wants a room, such as #hall%s", found(t))
	}
	if err == nil {
		err = p.template(t)
	}
	if err != nil {
		return err
	}
	return p.add(op{verb: v, target: Room, name: t.text})
}

// target reads who is meant.
func (p *parser) target(o *op) *Error {
	t, err := p.line.take("whom: other, partner, them, ALL, #room, person 7 or a name")
	switch {
	case err != nil:
		return err
	case len(t.text) > maxWord || t.text == "":
		return errorAt(p.line.number, t.column, "this is no name")
	case t.quoted:
		o.target, o.name = Named, t.text
	case t.text == "other":
		o.target = Other
	case t.text == "partner":
		o.target = Partner
	case t.text == "them":
		o.target = Them
	case t.text == "ALL":
		o.target = All
	case t.text == "person":
		n, err := p.line.count("the number of a person", 1, MaxPeople)
		o.target, o.number = Number, int32(n)
		return err
	case t.text[0] == '#':
		o.target, o.name = Room, t.text
	default:
		o.target, o.name = Named, t.text
	}
	return p.template(t)
}

// template checks what stands in braces.
func (p *parser) template(t token) *Error {
	at := 0
	if t.quoted {
		at = 1
	}
	for rest := t.text; ; {
		i := strings.IndexByte(rest, '{')
		if i < 0 {
			return nil
		}
		j := strings.IndexByte(rest[i:], '}')
		if j < 0 || !isField(rest[i+1:i+j]) {
			return errorAt(p.line.number, t.column+at+i, "in braces stands n, the person's number, or n%%20, what is left of it when it is divided by 20: {n%%20}")
		}
		at += i + j + 1
		rest = rest[i+j+1:]
	}
}

// isField reports whether s is n or n%K, K from 1 to MaxPeople.
func isField(s string) bool {
	by, ok := strings.CutPrefix(s, "n%")
	if !ok {
		return s == "n"
	}
	k, err := strconv.Atoi(by)
	return err == nil && k >= 1 && k <= MaxPeople
}

func (p *parser) repeat() (err *Error) {
	o := op{depth: uint8(len(p.open))}
	switch {
	case p.line.skip("forever"):
		o.verb = forever
	case p.line.skip("for"):
		o.verb = repeatFor
		o.least, err = p.line.span()
	default:
		var n int
		o.verb = repeatTimes
		if n, err = p.line.count("how often, such as: repeat 10 times, or: forever, for 30s", 0, maxTimes); err == nil {
			err = p.line.must("times")
		}
		o.number = int32(n)
	}
	if err == nil && len(p.open) == maxNested {
		err = errorAt(p.line.number, p.line.words[0].column, "repeats stand at most %d deep", maxNested)
	}
	if err == nil {
		err = p.add(o)
	}
	p.open = append(p.open, len(p.s.ops)-1)
	return err
}

func (p *parser) end() *Error {
	if len(p.open) == 0 {
		return errorAt(p.line.number, p.line.words[0].column, "there is no repeat to end")
	}
	begin := p.open[len(p.open)-1]
	p.open = p.open[:len(p.open)-1]
	if err := p.add(op{verb: again, depth: uint8(len(p.open)), jump: int32(begin)}); err != nil {
		return err
	}
	p.s.ops[begin].jump = int32(len(p.s.ops))
	return nil
}

// people begins a section.
func (p *parser) people() (err *Error) {
	at := p.line.words[0].column
	switch {
	case p.rest:
		return errorAt(p.line.number, at, "nobody is left: the people above are all there are")
	case len(p.s.parts) > 0 && !p.named:
		return errorAt(p.line.number, at, "the lines above are for all; put a people line in front of them")
	}
	p.named = true
	sec := section{}
	switch {
	case p.line.skip("all"), p.line.skip("rest"):
		p.rest = true
	case p.line.skip("odd"):
		sec.who = odd
	case p.line.skip("even"):
		sec.who = even
	default:
		sec.who = inRange
		if sec.first, err = p.line.count("all, odd, even, rest, or a person's number", 1, MaxPeople); err != nil {
			return err
		}
		if sec.last = sec.first; p.line.skip("to") {
			sec.last, err = p.line.count("the last one's number", sec.first, MaxPeople)
		}
	}
	if err == nil && len(p.s.parts) > 0 {
		err = p.finish()
	}
	sec.begin = len(p.s.ops)
	p.s.parts = append(p.s.parts, sec)
	return err
}

// rampUp reads "ramp 500 per second".
func (p *parser) rampUp() (err *Error) {
	if p.ramp {
		return errorAt(p.line.number, p.line.words[0].column, "there is a ramp already")
	}
	n, err := p.line.count("how many log in each second", 1, 1_000_000)
	p.ramp, p.s.Ramp = true, float64(n)
	if err != nil {
		return err
	}
	if err = p.line.must("per"); err != nil {
		return err
	}
	return p.line.must("second")
}

// stopAfter reads "stop after 30s".
func (p *parser) stopAfter() (err *Error) {
	if p.stop {
		return errorAt(p.line.number, p.line.words[0].column, "there is a stop already")
	}
	if err = p.line.must("after"); err != nil {
		return err
	}
	p.stop = true
	p.s.Stop, err = p.line.span()
	return err
}
