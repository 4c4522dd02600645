package command

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// manCommand prints the manual page, section 1, made from the flags.
func manCommand() *cli.Command {
	return &cli.Command{
		Name:        "man",
		Usage:       "print the manual page",
		Description: "mim man | man -l -\nmim man > ~/.local/share/man/man1/mim.1",
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			page, err := c.App.ToManWithSection(1)
			if err != nil {
				return err
			}
			return printed(fmt.Fprint(c.App.Writer, withSynopsis(page)+inputSection))
		},
	}
}

// synopsis is every way to call mim; the library's page has the flags only
// that all commands share.
const synopsis = `.SH SYNOPSIS
.EX
mim serve [flags]
mim join [flags] NAME[@HOST[:PORT]]
mim man
mim completion bash|zsh|fish|powershell
mim --help | --version
.EE


`

// inputSection ends the manual page.
const inputSection = `
.SH INPUT
What you type into mim join, a line each:

.EX
` + inputLines + `.EE
`

// withSynopsis puts our synopsis in the place of the library's.
func withSynopsis(page string) string {
	head, rest, _ := strings.Cut(page, ".SH SYNOPSIS\n")
	_, rest, _ = strings.Cut(rest, ".SH DESCRIPTION\n")
	return head + synopsis + ".SH DESCRIPTION\n" + rest
}

// printed makes a failure of an output that broke.
func printed(_ int, err error) error {
	if err != nil {
		return &failure{code: exitBroken, what: fmt.Sprintf("cannot write to standard output: %s", reason(err))}
	}
	return nil
}

// completionCommand prints scripts that teach shells our commands and flags.
func completionCommand() *cli.Command {
	command := &cli.Command{
		Name:  "completion",
		Usage: "print a script that completes commands and flags in a shell",
		Action: func(c *cli.Context) error {
			if shell := c.Args().First(); shell != "" {
				return badUse("mim completion bash", "cannot complete for %s: the shells are bash, zsh, fish, powershell", shell)
			}
			return cli.ShowSubcommandHelp(c)
		},
	}
	for _, shell := range []struct{ name, install, script string }{
		{"bash", "mim completion bash > ~/.local/share/bash-completion/completions/mim", bashScript},
		{"zsh", "mim completion zsh > ~/.zfunc/_mim      (with fpath+=~/.zfunc before compinit in ~/.zshrc)", zshScript},
		{"fish", "mim completion fish > ~/.config/fish/completions/mim.fish", ""},
		{"powershell", "mim completion powershell >> $PROFILE", powershellScript},
	} {
		command.Subcommands = append(command.Subcommands, &cli.Command{
			Name:        shell.name,
			Usage:       "print the script for " + shell.name,
			Description: shell.install,
			Action: func(c *cli.Context) error {
				if err := noArguments(c); err != nil {
					return err
				}
				script := shell.script
				if script == "" {
					var err error
					if script, err = c.App.ToFishCompletion(); err != nil {
						return err
					}
				}
				return printed(fmt.Fprintf(c.App.Writer, "%s# To install: %s\n", script, shell.install))
			},
		})
	}
	return command
}

// The scripts ask mim itself, by completionWord behind what was typed so far.
const (
	bashScript = `_mim() {
  local cur=${COMP_WORDS[COMP_CWORD]} typed
  typed=("${COMP_WORDS[@]:0:COMP_CWORD}")
  [[ $cur == -* || ${typed[-1]} == -- ]] && typed+=("$cur")
  COMPREPLY=($(compgen -W "$("${typed[@]}" --generate-bash-completion 2>/dev/null)" -- "$cur"))
}
complete -o bashdefault -o default -F _mim mim
`
	zshScript = `#compdef mim
_mim() {
  local -a typed found
  typed=("${(@)words[1,CURRENT-1]}")
  [[ $words[CURRENT] == -* || $typed[-1] == -- ]] && typed+=("$words[CURRENT]")
  found=("${(@f)$("${(@)typed}" --generate-bash-completion 2>/dev/null)}")
  if [[ -n $found[1] ]]; then _describe mim found; else _files; fi
}
if [[ $funcstack[1] == _mim ]]; then _mim "$@"; else compdef _mim mim; fi
`
	powershellScript = `Register-ArgumentCompleter -Native -CommandName mim -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $typed = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" } | Where-Object { $_ -ne $wordToComplete })
  if ($typed -contains '--') { return }
  if ($wordToComplete -like '-*') { $typed += $wordToComplete }
  & mim @typed --generate-bash-completion | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`
)
