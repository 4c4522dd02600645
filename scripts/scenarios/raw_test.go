package scenarios

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// A raw is a TCP connection that speaks whatever bytes a script likes.
type raw struct {
	conn *net.TCPConn
	got  *tail
	skip int       // bytes of got that the script has seen
	sent time.Time // right before the last write

	parts int  // what it has seen by itself, each in a segment of its own
	mixed bool // it has seen other things otherwise: parts says nothing
}

// dialRaw connects to address, from an address of ours, or "" for any.
func dialRaw(address, from string) (*raw, error) {
	d := net.Dialer{Timeout: patience}
	if from != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	c, err := d.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return newRaw(c.(*net.TCPConn)), nil
}

// newRaw reads all that comes by c.
func newRaw(c *net.TCPConn) *raw {
	r := &raw{conn: c, got: newTail()}
	r.conn.SetNoDelay(true) // the default, but scenarios count on it
	go func() {
		io.Copy(r.got, c) // a reset ends it like a FIN
		r.got.end()
	}()
	return r
}

// send writes p, in one write.
func (r *raw) send(p []byte) error {
	r.sent = time.Now()
	r.conn.SetWriteDeadline(r.sent.Add(patience))
	_, err := r.conn.Write(p)
	return err
}

// do carries out "raw KEY verb args".
func (r *raw) do(verb, arg string) error {
	switch verb {
	case "send", "drip":
		p, err := hex.DecodeString(arg)
		if err != nil || verb == "send" {
			return firstError(err, func() error { return r.send(p) })
		}
		for i := range p {
			if err := r.send(p[i : i+1]); err != nil {
				return err
			}
		}
		return nil
	case "text":
		text, err := unquote(arg)
		return firstError(err, func() error { return r.send([]byte(text)) })
	case "flood":
		n, err := strconv.Atoi(arg)
		return firstError(err, func() error { return r.send(append(bytes.Repeat([]byte("x"), n), '\n')) })
	case "fin":
		return r.conn.CloseWrite()
	case "close":
		return r.conn.Close()
	case "expect":
		re, err := regexp.Compile(arg)
		return firstError(err, func() error {
			return r.waitFor(func(p []byte) int {
				if m := re.FindIndex(p); m != nil {
					return m[1]
				}
				return -1
			})
		})
	case "hex":
		want, err := hex.DecodeString(arg)
		return firstError(err, func() error {
			return r.waitFor(func(p []byte) int {
				if i := bytes.Index(p, want); i >= 0 {
					return i + len(want)
				}
				return -1
			})
		})
	case "closed":
		return r.got.wait(func(_ []byte, ended bool) bool { return ended })
	case "open":
		if r.got.wait(func(_ []byte, ended bool) bool { return true }); r.got.isEnded() {
			return fmt.Errorf("it is closed")
		}
		return nil
	}
	return r.doExact(verb, arg)
}

// unquote reads text with Go's escapes.
func unquote(text string) (string, error) {
	out, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, text)
	}
	return out, nil
}

func firstError(err error, then func() error) error {
	if err != nil {
		return err
	}
	return then()
}

func (t *tail) isEnded() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ended
}

// waitFor waits until upTo finds what it looks for in the bytes not dealt with
// yet, and says where it ends; -1 is not yet.
func (r *raw) waitFor(upTo func([]byte) int) error {
	r.mixed = true
	err := r.got.wait(func(text []byte, _ bool) bool {
		n := upTo(text[r.skip:])
		r.skip += max(n, 0)
		return n >= 0
	})
	if err != nil {
		return fmt.Errorf("%w; it has sent %q", err, r.got.all())
	}
	return nil
}

// refusal sends p on a new connection and wants what a registry owes to a
// program of another kind: one line of text that says what is wrong, the end.
func refusal(address string, p []byte) error {
	r, err := dialRaw(address, "")
	if err != nil {
		return err
	}
	defer r.conn.Close()
	if err := r.send(p); err != nil {
		return err
	}
	if err := r.do("closed", ""); err != nil {
		return fmt.Errorf("waiting for it to close: %w; it has sent %q", err, r.got.all())
	}
	if line := r.got.all(); !oneLine.MatchString(line) {
		return fmt.Errorf("it said %q, want one line of text", line)
	}
	return nil
}

var oneLine = regexp.MustCompile(`^[^\x00-\x1f\x7f][^\x00-\x1f\x7f]*\n$`)

// login is a mim0 login block, written here once more from the page so that a
// mistake in the codec does not hide itself.
func login(name string, port uint16) []byte {
	units := utf16.Encode([]rune(name))
	block := binary.BigEndian.AppendUint16(nil, uint16(2+4+2*len(units)))
	block = binary.BigEndian.AppendUint16(block, port)
	block = binary.BigEndian.AppendUint32(block, uint32(2*len(units)))
	for _, u := range units {
		block = binary.BigEndian.AppendUint16(block, u)
	}
	return block
}
