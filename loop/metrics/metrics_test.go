package metrics

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// get asks a handler.
func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, w.Body.String()
}

func sample(s *Snapshot) {
	s.Links, s.Users = map[string]int{"toy": 3, "other": 0}, map[string]int{"toy": 2}
	s.In, s.Out = map[string]uint64{"toy": 10}, map[string]uint64{"toy": 1 << 40}
	s.Ended = map[string]uint64{"slow": 4}
	s.Refused, s.Panics, s.Writes, s.WroteBytes = 5, 6, 7, 8
	s.UnsentBytes, s.UnsentLinks, s.Waiting, s.Longest, s.TextBytes = 9, 10, 11, 12, 13
}

func TestMetrics(t *testing.T) {
	m := New(Config{Post: func(f func()) { f() }, Fill: sample})
	m.Turn(100 * time.Microsecond)
	m.Kept(3 * time.Millisecond)
	code, body := get(t, m.Handler(), "/metrics")
	if code != 200 {
		t.Fatalf("%d: %s", code, body)
	}
	for _, want := range []string{
		"mim_up 1", `mim_links{dialect="toy"} 3`, `mim_links{dialect="other"} 0`, `mim_users{dialect="toy"} 2`,
		`mim_messages_received_total{dialect="toy"} 10`, `mim_messages_sent_total{dialect="toy"} 1.099511627776e+12`,
		`mim_links_ended_total{reason="slow"} 4`, "mim_links_refused_total 5", "mim_panics_total 6", "mim_writes_total 7", "mim_written_bytes_total 8",
		"mim_unsent_bytes 9", "mim_unsent_links 10", "mim_inbox_texts 11", "mim_inbox_longest 12", "mim_held_text_bytes 13",
		`mim_loop_turn_seconds_bucket{le="0.00016"} 1`, "mim_loop_turn_seconds_count 1", "mim_store_commit_seconds_count 1",
		"go_goroutines ",
	} {
		if !strings.Contains(body, want+"\n") && !(strings.HasSuffix(want, " ") && strings.Contains(body, want)) {
			t.Errorf("there is no %q in\n%s", want, body)
		}
	}
	if code, body := get(t, m.Handler(), "/healthz"); code != 200 || body != "ok\n" {
		t.Errorf("%d %q", code, body)
	}
	if code, _ := get(t, m.Handler(), "/other"); code != 404 {
		t.Errorf("another path: %d", code)
	}
}

// TestStuck: a loop that does not come round is told of, and questions do not
// pile up before it.
func TestStuck(t *testing.T) {
	var posted []func()
	m := New(Config{Post: func(f func()) { posted = append(posted, f) }, Fill: sample, Within: time.Millisecond})
	for range 2 * maxQuestions {
		if code, body := get(t, m.Handler(), "/healthz"); code != 503 || !strings.Contains(body, "does not answer") {
			t.Errorf("%d %q", code, body)
		}
	}
	if code, body := get(t, m.Handler(), "/metrics"); code != 200 || !strings.Contains(body, "mim_up 0\n") || strings.Contains(body, "mim_links{") {
		t.Errorf("%d %s", code, body)
	}
	if len(posted) != maxQuestions {
		t.Errorf("%d functions were posted, want %d", len(posted), maxQuestions)
	}
	for _, f := range posted { // it comes round after all
		f()
	}
	posted = nil
	m.cfg.Post = func(f func()) { f() }
	if code, _ := get(t, m.Handler(), "/healthz"); code != 200 {
		t.Errorf("it turns again: %d", code)
	}
}

// TestServe: over a real socket, until Close.
func TestServe(t *testing.T) {
	m := New(Config{Post: func(f func()) { go f() }, Fill: sample})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- m.Serve(l) }()
	res, err := http.Get("http://" + l.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || !strings.Contains(string(body), "mim_up 1") {
		t.Errorf("%v: %s", err, body)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestCheap: what the loop tells costs it no memory.
func TestCheap(t *testing.T) {
	m := New(Config{Post: func(f func()) { f() }, Fill: sample})
	if n := testing.AllocsPerRun(1000, func() { m.Turn(time.Millisecond); m.Kept(time.Millisecond) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
