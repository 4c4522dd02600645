package screens

import (
	"bufio"
	"bytes"
	"fmt"
	"image/color"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"

	uv "github.com/charmbracelet/ultraviolet"

	"mim/codec/all"
	"mim/scripts/voicetest"
)

// A world is what one script has started.
type world struct {
	servers   map[string]*exec.Cmd
	terminals map[string]*terminal
}

type worldKey struct{}

func of(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

func (w *world) end() {
	for _, t := range w.terminals {
		t.close()
	}
	for _, s := range w.servers {
		s.Process.Kill() // may have ended already
		_ = s.Wait()
	}
}

func (w *world) terminal(ts *testscript.TestScript, key string) *terminal {
	t := w.terminals[key]
	if t == nil {
		ts.Fatalf("no terminal is called %s", key)
	}
	return t
}

func want(ts *testscript.TestScript, args []string, least int, use string) {
	if len(args) < least {
		ts.Fatalf("use: %s", use)
	}
}

// environment is that of every program: nothing of this machine's user.
func environment(ts *testscript.TestScript, more ...string) []string {
	env := []string{"HOME=" + ts.Getenv("WORK"), "PATH=" + ts.Getenv("PATH"), "TERM=xterm-256color", "LANG=C.UTF-8", "TZ=UTC", "MIM_NO_HISTORY=true"}
	return append(env, more...)
}

// door is how a server tells of one, joinLine its last word at the start.
var (
	door     = regexp.MustCompile(`^ +(\S+) +(tcp|udp) +(\S+)$`)
	joinLine = regexp.MustCompile(`mim join \S+@`)
)

func cmdServe(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "serve KEY [flags]")
	key, first := args[0], "0"
	if before := ts.Getenv(key); before != "" {
		first = before[strings.LastIndexByte(before, ':')+1:]
	}
	flags := []string{"serve", "--host", "127.0.0.1", "--data", ":memory:"}
	if !slices.Contains(args, "--lend") {
		flags = append(flags, "--lend", "off") // its ports are the same for all servers of a machine
	}
	for i, d := range all.Dialects() {
		port := "off"
		if i == 0 {
			port = first
		}
		if !slices.Contains(args, "--"+d.Name()) {
			flags = append(flags, "--"+d.Name(), port)
		}
	}
	cmd := exec.Command(mimPath, append(flags, args[1:]...)...)
	cmd.Env, cmd.Dir = environment(ts), ts.Getenv("WORK")
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	var log bytes.Buffer
	cmd.Stderr = &log
	ts.Check(cmd.Start())
	of(ts).servers[key] = cmd
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if found := door.FindStringSubmatch(lines.Text()); found != nil {
			dialect, address := found[1], found[3]
			if found[2] == "udp" {
				ts.Setenv(key+"_"+dialect+"_voice", address[strings.LastIndexByte(address, ':')+1:])
				continue
			}
			ts.Setenv(key+"_"+dialect, address)
			if dialect == all.Dialects()[0].Name() {
				ts.Setenv(key, address)
			}
		} else if joinLine.MatchString(lines.Text()) {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return
		}
	}
	_ = cmd.Wait() // log is whole then
	delete(of(ts).servers, key)
	ts.Fatalf("%s does not listen: %v\n%s", key, lines.Err(), log.String())
}

func cmdCrash(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "crash KEY")
	s := of(ts).servers[args[0]]
	if s == nil {
		ts.Fatalf("no server is called %s", args[0])
	}
	ts.Check(s.Process.Kill())
	_ = s.Wait() // it says that it was killed
	delete(of(ts).servers, args[0])
}

func cmdSignal(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "signal KEY TERM|INT|HUP")
	s, ok := map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "HUP": syscall.SIGHUP}[args[1]]
	if !ok {
		ts.Fatalf("no signal %s", args[1])
	}
	cmd := of(ts).servers[args[0]]
	if cmd == nil {
		cmd = of(ts).terminal(ts, args[0]).cmd
	}
	ts.Check(cmd.Process.Signal(s))
}

func cmdTerminal(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 3, "terminal KEY WxH [VAR=value...] args")
	width, height := size(ts, args[1])
	light := args[2] == "-light"
	if light {
		args = slices.Delete(slices.Clone(args), 2, 3)
	}
	rest := args[2:]
	variable := regexp.MustCompile(`^[A-Z_]+=`)
	for len(rest) > 0 && variable.MatchString(rest[0]) {
		rest = rest[1:]
	}
	cmd := exec.Command(mimPath, rest...)
	cmd.Env, cmd.Dir = environment(ts, args[2:len(args)-len(rest)]...), ts.Getenv("WORK")
	if old := of(ts).terminals[args[0]]; old != nil {
		old.close()
	}
	t, err := open(width, height, light, cmd)
	ts.Check(err)
	of(ts).terminals[args[0]] = t
}

// cmdAddress takes the first address on a grid as a variable.
func cmdAddress(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "address KEY VARIABLE")
	t := of(ts).terminal(ts, args[0])
	var found string
	if err := t.wait(func() bool { found = address.FindString(t.grid()); return found != "" }); err != nil {
		ts.Fatalf("%s shows no address: %v", args[0], err)
	}
	ts.Setenv(args[1], found)
}

func size(ts *testscript.TestScript, s string) (width, height int) {
	if n, _ := fmt.Sscanf(s, "%dx%d", &width, &height); n != 2 {
		ts.Fatalf("%s is no size, as 80x24 is", s)
	}
	return width, height
}

func cmdKeys(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "keys KEY 'text' ...")
	for _, arg := range args[1:] {
		if strings.Contains(arg, `\`) {
			var err error
			arg, err = strconv.Unquote(`"` + strings.ReplaceAll(arg, `"`, `\"`) + `"`)
			ts.Check(err)
		}
		bytes, err := Typed(arg)
		ts.Check(err)
		ts.Check(of(ts).terminal(ts, args[0]).press(bytes))
	}
}

func cmdPaste(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "paste KEY FILE")
	ts.Check(of(ts).terminal(ts, args[0]).press("\x1b[200~" + strings.TrimSuffix(ts.ReadFile(args[1]), "\n") + "\x1b[201~"))
}

func cmdSee(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, args, 2, "see KEY 'text' ...")
	t := of(ts).terminal(ts, args[0])
	err := t.wait(func() bool {
		grid := t.grid()
		for _, text := range args[1:] {
			if strings.Contains(grid, text) == neg {
				return false
			}
		}
		return true
	})
	if err != nil {
		ts.Fatalf("%s, %q: %v", args[0], args[1:], err)
	}
}

func cmdScreen(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "screen KEY FILE")
	t := of(ts).terminal(ts, args[0])
	wanted := Mask(ts.ReadFile(args[1]))
	if *update {
		t.settle()
		ts.Check(rewrite(filepath.Join("testdata", ts.Name()+".txtar"), args[1], Mask(t.seen())))
		return
	}
	if err := t.wait(func() bool { return Mask(t.grid()) == wanted }); err != nil {
		ts.Fatalf("%s is not %s: %v\nwanted:\n%s", args[0], args[1], err, wanted)
	}
}

// cmdPainted compares what is not plain text.
func cmdPainted(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "painted KEY FILE")
	t := of(ts).terminal(ts, args[0])
	wanted := ts.ReadFile(args[1])
	if *update {
		t.settle()
		t.mu.Lock()
		got := t.painted()
		t.mu.Unlock()
		ts.Check(rewrite(filepath.Join("testdata", ts.Name()+".txtar"), args[1], got))
		return
	}
	got := ""
	if err := t.wait(func() bool { got = t.painted(); return got == wanted }); err != nil {
		ts.Fatalf("%s is not %s: %v\npainted:\n%s\nwanted:\n%s", args[0], args[1], err, got, wanted)
	}
}

// cmdTone writes a sound file of some seconds: a loud tone of 440 Hz that swells
// four times a second, as speech does.
func cmdTone(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "tone FILE SECONDS")
	seconds, err := strconv.Atoi(args[1])
	ts.Check(err)
	const rate = 8000
	samples := make([]int16, seconds*rate)
	for i := range samples {
		at := float64(i) / rate
		samples[i] = int16(20000 * math.Sin(2*math.Pi*440*at) * math.Abs(math.Sin(2*math.Pi*2*at)))
	}
	ts.Check(voicetest.WriteFile(ts.MkAbs(args[0]), rate, samples))
}

func cmdSize(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "size KEY WxH")
	width, height := size(ts, args[1])
	ts.Check(of(ts).terminal(ts, args[0]).resize(width, height))
}

func cmdTitle(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "title KEY PATTERN")
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	t := of(ts).terminal(ts, args[0])
	if err := t.wait(func() bool { return re.MatchString(t.title) }); err != nil {
		ts.Fatalf("%s has the title %q: %v", args[0], t.title, err)
	}
}

func cmdBells(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "bells KEY N")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	t := of(ts).terminal(ts, args[0])
	if err := t.wait(func() bool { return t.bells == n }); err != nil {
		ts.Fatalf("%s has rung %d times: %v", args[0], t.bells, err)
	}
}

func cmdModes(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 3, "modes KEY on|off MODE ...")
	t := of(ts).terminal(ts, args[0])
	for _, name := range args[2:] {
		m, ok := modes[name]
		if !ok {
			ts.Fatalf("no mode is called %s", name)
		}
		if err := t.wait(func() bool { return t.modes[m] == (args[1] == "on") }); err != nil {
			ts.Fatalf("mode %s: %v", name, err)
		}
	}
}

func cmdCells(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, args, 3, "cells KEY 'text' ATTRIBUTE")
	t := of(ts).terminal(ts, args[0])
	has, ok := attributes[args[2]]
	if !ok {
		ts.Fatalf("no attribute is called %s", args[2])
	}
	err := t.wait(func() bool {
		cell := t.find(args[1])
		return cell != nil && has(&cell.Style) != neg
	})
	if err != nil {
		ts.Fatalf("%s: %q is not %s: %v", args[0], args[1], args[2], err)
	}
}

var attributes = map[string]func(*uv.Style) bool{
	"bold":      func(s *uv.Style) bool { return s.Attrs&uv.AttrBold != 0 },
	"faint":     func(s *uv.Style) bool { return s.Attrs&uv.AttrFaint != 0 },
	"reverse":   func(s *uv.Style) bool { return s.Attrs&uv.AttrReverse != 0 },
	"italic":    func(s *uv.Style) bool { return s.Attrs&uv.AttrItalic != 0 },
	"underline": func(s *uv.Style) bool { return s.Underline != 0 },
	"colour":    func(s *uv.Style) bool { return s.Fg != nil },
	"basic": func(s *uv.Style) bool {
		_, ok := s.Fg.(ansi.BasicColor)
		return ok || s.Fg == color.Color(nil)
	},
	"plain": func(s *uv.Style) bool { return s.IsZero() },
}

// find is the first cell of the first row that holds text; nil: none. With the lock.
func (t *terminal) find(text string) *uv.Cell {
	for y := range t.screen.Height() {
		var row strings.Builder
		var columns []int // of each byte
		for x := 0; x < t.screen.Width(); x++ {
			c := t.screen.CellAt(x, y)
			if c == nil || c.Width == 0 {
				continue
			}
			for range len(c.Content) {
				columns = append(columns, x)
			}
			row.WriteString(c.Content)
		}
		if i := strings.Index(row.String(), text); i >= 0 {
			return t.screen.CellAt(columns[i], y)
		}
	}
	return nil
}

func cmdExit(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "exit KEY CODE")
	t := of(ts).terminal(ts, args[0])
	if err := t.wait(func() bool { return t.over }); err != nil {
		ts.Fatalf("%s does not end: %v", args[0], err)
	}
	if strconv.Itoa(t.code) != args[1] {
		ts.Fatalf("%s ended with %d, want %s; the screen is\n%s", args[0], t.code, args[1], t.seen())
	}
}

func cmdAfter(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, args, 2, "after KEY PATTERN")
	t := of(ts).terminal(ts, args[0])
	<-t.ended
	found, err := regexp.MatchString(args[1], t.seen())
	if ts.Check(err); found == neg {
		ts.Fatalf("%s: %s; the screen is\n%s", args[0], args[1], t.seen())
	}
}

func cmdRestored(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "restored KEY")
	t := of(ts).terminal(ts, args[0])
	<-t.ended
	if err := t.restored(); err != nil {
		ts.Fatalf("%s is not as it was: %v", args[0], err)
	}
}

// settle waits until nothing has changed for a moment: for -update only, which a
// person looks over.
func (t *terminal) settle() {
	for {
		t.mu.Lock()
		changed := t.changed
		t.mu.Unlock()
		select {
		case <-changed:
		case <-time.After(400 * time.Millisecond):
			return
		}
	}
}

// rewrite puts content into the script as the file of that name.
func rewrite(script, name, content string) error {
	archive, err := txtar.ParseFile(script)
	if err != nil {
		return err
	}
	for i := range archive.Files {
		if archive.Files[i].Name == name {
			archive.Files[i].Data = []byte(content)
			return os.WriteFile(script, txtar.Format(archive), 0o644)
		}
	}
	return fmt.Errorf("%s has no file %s", script, name)
}

// mimPath is the program under test.
var mimPath string

func buildMim(dir string) error {
	mimPath = filepath.Join(dir, "mim")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", mimPath, ".")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}
