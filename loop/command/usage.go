package command

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	figures "mim/chat/report"
)

// A usage is what a process has taken so far.
type usage struct {
	cpu float64 // seconds, user and system
	rss uint64  // bytes
}

// ticks is how many clock ticks the kernel counts in a second for programs: 100
// on all of Linux's ABIs, see times(2).
const ticks = 100

// usageOf reads what a process has taken from /proc, see proc(5); nil if there
// is none, or no such file.
func usageOf(pid int) *usage {
	if pid <= 0 {
		return nil
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil
	}
	return parseStat(stat, os.Getpagesize())
}

// parseStat reads fields 14, 15 and 24 of a stat file. The second is a name in
// parentheses that may hold anything.
func parseStat(stat []byte, page int) *usage {
	i := bytes.LastIndexByte(stat, ')')
	if i < 0 {
		return nil
	}
	f := strings.Fields(string(stat[i+1:]))
	if len(f) < 22 {
		return nil
	}
	user, err1 := strconv.ParseUint(f[11], 10, 64)
	system, err2 := strconv.ParseUint(f[12], 10, 64)
	pages, err3 := strconv.ParseUint(f[21], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil {
		return nil
	}
	return &usage{cpu: float64(user+system) / ticks, rss: pages * uint64(page)}
}

// used is what a process has taken since before, for so many people.
func used(before *usage, pid, people int) *figures.Process {
	now := usageOf(pid)
	if before == nil || now == nil {
		return nil
	}
	return &figures.Process{
		CPU: now.cpu - before.cpu, RSS: now.rss,
		PerPerson: (float64(now.rss) - float64(before.rss)) / float64(people),
	}
}
