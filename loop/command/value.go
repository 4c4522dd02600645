package command

import (
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"time"

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
		if f.Names()[0] != name {
			continue
		}
		switch f.(type) {
		case *cli.IntFlag:
			return "no whole number, or too large a one"
		case *cli.GenericFlag:
			return "no time, such as 90s, 5m or a number of seconds"
		}
	}
	return "neither true nor false"
}

// A span is the value of a flag that is a time: as in Go, or seconds.
type span time.Duration

func (d *span) Set(s string) error {
	if n, err := strconv.ParseFloat(s, 64); err == nil && n >= 0 && n <= math.MaxInt32 {
		*d = span(n * float64(time.Second))
		return nil
	}
	v, err := time.ParseDuration(s)
	if err != nil || v < 0 {
		return errors.New("no time")
	}
	*d = span(v)
	return nil
}

func (d *span) String() string { return time.Duration(*d).String() }

// spanFlag is a flag that is a time.
func spanFlag(name string, value time.Duration, usage string) cli.Flag {
	d := span(value)
	return &cli.GenericFlag{Name: name, Value: &d, EnvVars: env(name), Usage: usage}
}

// spanOf is the value of such a flag.
func spanOf(c *cli.Context, name string) time.Duration {
	return time.Duration(*c.Generic(name).(*span))
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
