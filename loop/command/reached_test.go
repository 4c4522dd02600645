package command

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"mim/chat"
	"mim/chat/client"
	"mim/codec"
	"mim/codec/all"
)

// throughServer is a dialect whose users have no listener: a server of it has
// only to take the connection.
type throughServer struct{ portsOf }

func (throughServer) Name() string                                            { return "through" }
func (throughServer) Traits() chat.Traits                                     { return chat.Traits{Dialect: "through"} }
func (throughServer) Call(codec.Link) codec.Caller                            { return agreeing{} }
func (throughServer) Open(codec.Link) codec.Session                           { return nil }
func (throughServer) Append(dst []byte, _ chat.Event, _ codec.Variant) []byte { return dst }

// agreeing is a caller that says nothing and takes each line for yes.
type agreeing struct{}

func (agreeing) Ask(dst []byte, _ chat.Request) []byte { return dst }
func (agreeing) Next(p []byte) (chat.Event, int, error) {
	if i := bytes.IndexByte(p, '\n'); i >= 0 {
		return &chat.Answer{To: &chat.Login{}}, i + 1, nil
	}
	return nil, 0, nil
}

// joins runs mim join with that dialect alone.
func joins(in io.Reader, args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	s := streams{in: in, out: &o, err: &e}
	d := throughServer{portsOf{ports: []codec.Port{{Role: codec.Registry, Network: "tcp", Number: 1}}}}
	app := &cli.App{Name: "mim", Writer: &o, ErrWriter: &e, ExitErrHandler: func(*cli.Context, error) {},
		Commands: []*cli.Command{joinCommand([]codec.Dialect{d}, s)}}
	if err := app.Run(append([]string{"mim", "join"}, args...)); err != nil {
		code = report(&e, err)
	}
	return code, o.String(), e.String()
}

// Where others reach us through the server nothing of ours listens, and mim
// runs nevertheless.
func TestJoinWithoutListener(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			fmt.Fprintln(c, "yes") // the test closes our end
		}
	}()
	code, out, errs := joins(strings.NewReader("/quit\n"), "--json", "alice@"+server.Addr().String())
	first, _, _ := strings.Cut(out, "\n")
	if code != exitFine || errs != "" || !strings.Contains(first, `"event":"ready"`) || strings.Contains(first, "listening") {
		t.Errorf("ended with %d and said %q and %q", code, out, errs)
	}
}

func TestListenForNothing(t *testing.T) {
	code, out, errs := joins(strings.NewReader(""), "--listen", ":5000", "alice@192.0.2.7:70")
	want := "mim: cannot use --listen :5000: by through others reach you through the server, so nothing of yours listens\n" +
		"  try: mim join --dialect through alice@192.0.2.7:70\n"
	if code != exitBadUse || out != "" || errs != want {
		t.Errorf("ended with %d and said %q and\n%swant\n%s", code, out, errs, want)
	}
}

// What to try when the server has refused the login, in one command.
func TestRefusedLogin(t *testing.T) {
	for _, c := range []struct {
		what, dialect, name string
		kind                chat.Kind
		try                 string
	}{
		{"a name taken", "messenger", "bob", chat.Refused, "mim join --dialect messenger bob2@host:1"},
		{"a malformed name", "messenger", "Anna Maria", chat.Refused, "mim join --dialect messenger AnnaMaria2@host:1"},
		{"a wrong password", "comp9331", "o'hans", chat.BadPass, `mim join --dialect comp9331 --password-file FILE 'o'\''hans@host:1'`},
		{"only time helps", "comp9331", "hans", chat.Locked, ""},
		{"here already", "comp9331", "hans", chat.Online, ""},
		{"for another reason", "comp9331", "hans", chat.Refused, ""},
		{"where any name may be had", "mim0", "bob", chat.Refused, ""},
	} {
		d, f := find(all.Dialects(), c.dialect)
		if f != nil {
			t.Fatal(f)
		}
		as := &joining{dialect: d.(codec.Calling), begin: "mim join --dialect " + c.dialect, target: target{c.name, "host:1"}}
		m := &messenger{as: as}
		m.trouble.Store(&client.View{Event: client.Error, Kind: c.kind.String(), Text: "the server refused the login: no", Final: true})
		f, ok := m.outcome(exitRefused).(*failure)
		if !ok || f.code != exitRefused || f.what != "the server refused the login: no" || f.try != c.try {
			t.Errorf("%s: got %+v, want to try %q", c.what, f, c.try)
		}
	}
}

// A listener that cannot be had: what to try names whom, and quotes it.
func TestJoinCannotListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var out, errs bytes.Buffer
	args := []string{"mim", "join", "Anna Maria@127.0.0.1:1", "--listen", taken.Addr().String()}
	code := run(args, streams{in: strings.NewReader(""), out: &out, err: &errs})
	if _, try, _ := strings.Cut(errs.String(), "\n"); code != exitCannotListen || try != "  try: mim join 'Anna Maria@127.0.0.1:1'\n" {
		t.Errorf("ended with %d and said %s", code, errs.String())
	}
}
