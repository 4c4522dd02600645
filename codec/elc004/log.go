package elc004

import (
	"bytes"
	"unicode/utf8"

	"mim/chat"
)

// Record tells of a request as the seed's server window does (elc004 rule 6).
func (s *session) Record() (words string, line []byte) {
	if s.line == nil {
		return "", nil
	}
	line = LogLine(s.line)
	word, rest, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), colon)
	if string(word) == "K" {
		return "receive offline from:" + string(rest), line
	}
	return "got request from :" + string(rest), line
}

// LogLine is the line that a server's log file has for a request that added an
// entry (elc004 rule 6): the request, at most 1024 bytes of it, each character
// that no person sees as "?", bytes that are no UTF-8 as Latin-1; then LF.
func LogLine(request []byte) []byte {
	request = chat.Clip(request, maxRequest)
	line := make([]byte, 0, 2*len(request)+1)
	for _, r := range string(chat.AppendUTF8(nil, request)) {
		if chat.Hidden(r) {
			r = '?'
		}
		line = utf8.AppendRune(line, r)
	}
	return append(line, '\n')
}
