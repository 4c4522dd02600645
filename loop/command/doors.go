package command

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"mim/codec"
	"mim/loop/serve"
)

// doorOff is the port that closes a dialect's door.
const doorOff = "off"

// doorFlags are the flags that dialects bring: a port each, then their own.
func doorFlags(dialects []codec.Dialect) (flags []cli.Flag) {
	for _, d := range dialects {
		flags = append(flags, &cli.StringFlag{
			Name: d.Name(), Value: strconv.Itoa(int(registryPort(d))), EnvVars: env(d.Name()),
			Usage: fmt.Sprintf("the `PORT` of %s%s; 0: the system picks, off: closed", d.Name(), voiceUsage(d)),
		})
	}
	for _, d := range dialects {
		if c, ok := d.(codec.Configurable); ok {
			for _, f := range c.Flags() {
				flags = append(flags, dialectFlag(f))
			}
		}
		if r, ok := d.(codec.Recorded); ok {
			flags = append(flags, fileFlag(r.RecordFlag()))
		}
	}
	return flags
}

// voiceUsage says where the voice of a dialect comes in, if it has any.
func voiceUsage(d codec.Dialect) string {
	for _, p := range d.Ports() {
		if p.Role == codec.Voice {
			return fmt.Sprintf(", with its voice by %s on PORT%+d", strings.ToUpper(p.Network), int(p.Number)-int(registryPort(d)))
		}
	}
	return ""
}

func dialectFlag(f codec.Flag) cli.Flag {
	usage := f.Help
	if slices.Contains(f.OneOf, "true") { // a value is not needed, nor shown
		return &cli.BoolFlag{Name: f.Name, Value: f.Default == "true", DisableDefaultText: f.Default != "true", EnvVars: env(f.Name), Usage: usage}
	}
	if len(f.OneOf) > 0 {
		usage += " (" + strings.Join(f.OneOf, ", ") + ")"
	}
	return &cli.StringFlag{Name: f.Name, Value: f.Default, EnvVars: env(f.Name), Usage: usage}
}

func fileFlag(f codec.Flag) cli.Flag {
	return &cli.StringFlag{Name: f.Name, Value: f.Default, EnvVars: env(f.Name), Usage: strings.Replace(f.Help, "FILE", "`FILE`", 1)}
}

// openDoors says which sockets the flags ask for: those of each dialect that
// is not off and, if --only is given, named there.
func openDoors(c *cli.Context, dialects []codec.Dialect, host netip.Addr) ([]serve.Door, error) {
	only := words(c.String("only"))
	for _, word := range only {
		if _, f := find(dialects, word); f != nil {
			f.try = "mim serve --only " + f.try
			return nil, f
		}
	}
	var doors []serve.Door
	for _, d := range dialects {
		if len(only) > 0 && !slices.Contains(only, d.Name()) {
			continue
		}
		port := c.String(d.Name())
		if port == doorOff {
			continue
		}
		first, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return nil, badUse(fmt.Sprintf("mim serve --%s %d", d.Name(), registryPort(d)),
				"cannot use %s: it is a port from 0 to 65535, or off", given(c, d.Name()))
		}
		configured, err := configure(c, d)
		if err != nil {
			return nil, err
		}
		more, err := doorsOf(configured, host, uint16(first))
		if err != nil {
			return nil, err
		}
		doors = append(doors, more...)
	}
	if len(doors) == 0 {
		return nil, badUse("mim serve", "cannot serve: every door is off")
	}
	return doors, nil
}

// words reads a list with commas.
func words(list string) (out []string) {
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, word)
		}
	}
	return out
}

// configure gives d the settings of its own flags.
func configure(c *cli.Context, d codec.Dialect) (codec.Dialect, error) {
	settings, ok := d.(codec.Configurable)
	if !ok {
		return d, nil
	}
	configured, err := settings.Configure(c.String)
	if err != nil {
		return nil, badUse(c.Command.HelpName+" --help", "cannot configure %s: %s", d.Name(), err)
	}
	return configured, nil
}

// doorsOf are the sockets through which people come by d, and those of its
// voice. The first of a registry has port; others keep their distance from it,
// but for 0, which the system picks.
func doorsOf(d codec.Dialect, host netip.Addr, port uint16) (doors []serve.Door, err error) {
	ports := slices.DeleteFunc(slices.Clone(d.Ports()), func(p codec.Port) bool { return p.Role == codec.Peer })
	first := slices.IndexFunc(ports, func(p codec.Port) bool { return p.Role == codec.Registry })
	if first < 0 {
		return nil, errors.New("cannot serve " + d.Name() + ": it has no registry")
	}
	base := int(ports[first].Number)
	for _, p := range ports {
		number := 0
		if port != 0 {
			number = int(port) + int(p.Number) - base
		}
		if port != 0 && (number < 1 || number > 65535) {
			return nil, badUse(fmt.Sprintf("mim serve --%s %d", d.Name(), base),
				"cannot use --%s %d: it also wants port %d, which is none", d.Name(), port, number)
		}
		doors = append(doors, serve.Door{Dialect: d, Role: p.Role, Network: p.Network, Addr: netip.AddrPortFrom(host, uint16(number))})
	}
	return doors, nil
}
