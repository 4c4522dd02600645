package command

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version says which mim this is: the version of the module, the commit it was
// built from, and what built it, as far as the build has noted them.
func version() string {
	module, commit, changed := "unknown", "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			module = info.Main.Version
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = " commit " + s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = " (changed since)"
			}
		}
	}
	return fmt.Sprintf("%s%s%s %s %s/%s", module, commit, changed, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
