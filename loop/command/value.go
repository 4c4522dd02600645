package command

import (
	"fmt"
	"os"
	"regexp"

	"github.com/urfave/cli/v2"
)

// What package flag and the command library say of values that are none.
var (
	flagValue = regexp.MustCompile(`^invalid (?:boolean )?value "(.*)" for (?:flag )?-([\w-]+): `)
	envValue  = regexp.MustCompile(`^could not parse "(.*)" as \w+ value from environment variable "(\w+)" for flag ([\w-]+): `)
)

// valueError rewords the refusal of a flag's value; ok is false if it is about
// something else.
func valueError(flags []cli.Flag, message string) (what string, ok bool) {
	given, value, name := "", "", ""
	if m := flagValue.FindStringSubmatch(message); m != nil {
		given, value, name = "--"+m[2], m[1], m[2]
	} else if m := envValue.FindStringSubmatch(message); m != nil {
		given, value, name = m[2], m[1], m[3]
	} else {
		return "", false
	}
	return fmt.Sprintf("cannot use %s: \"%s\" is %s", given, value, wanted(flags, name)), true
}

// wanted says what the value of a flag should have been.
func wanted(flags []cli.Flag, name string) string {
	for _, f := range flags {
		if _, ok := f.(*cli.IntFlag); ok && f.Names()[0] == name {
			return "no whole number, or too large a one"
		}
	}
	return "neither true nor false"
}

// given is a flag with its value as it was set: "--host x" or, if it came from
// the environment, "MIM_HOST=x".
func given(c *cli.Context, flag string) string {
	value, variable := c.String(flag), env(flag)[0]
	if from, ok := os.LookupEnv(variable); ok && from == value {
		return variable + "=" + value
	}
	return "--" + flag + " " + value
}
