package scenarios

import (
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdMetric asks a server for its numbers until they match: what ended has
// ended for the server a moment later than for us.
func cmdMetric(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "metric WHERE PATTERN")
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	client := http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	for late := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		answer, err := client.Get("http://" + args[0] + "/metrics")
		ts.Check(err)
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		ts.Check(err)
		if pattern.Match(body) {
			return
		}
		if time.Now().After(late) {
			ts.Fatalf("no %s within %v in\n%s", args[1], patience, body)
		}
	}
}
