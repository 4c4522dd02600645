package command

import (
	"context"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"mim/chat/voice"
	"mim/chat/voice/pulse"
	"mim/chat/voice/wav"
	"mim/codec"
	"mim/loop/join"
)

// The flags of mim join for calls.
const (
	voiceIn   = "voice-in"
	voiceOut  = "voice-out"
	voicePort = "voice-port"
)

// A sound is what they say.
type sound struct {
	in, out string         // WAV files; both empty: a device of the machine
	port    uint16         // of the server's voice; 0: one above the other
	listen  netip.AddrPort // our socket for voice
	calls   int            // files that were begun
}

func voiceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: voiceIn, EnvVars: env(voiceIn), Usage: "say the WAV `FILE` in a call, from its begin, then silence; without this and --voice-out calls go by a microphone and loudspeakers"},
		&cli.StringFlag{Name: voiceOut, EnvVars: env(voiceOut), Usage: "write what is heard in a call to the WAV `FILE`; of the second call to FILE-2, and so on"},
		&cli.IntFlag{Name: voicePort, EnvVars: env(voicePort), DefaultText: "one above the server's port", Usage: "the `PORT` of the server's voice (UDP)"},
	}
}

// readVoice turns the flags for calls into values. What cannot be is said at
// the start and not in a call.
func (j *joining) readVoice(c *cli.Context, d codec.Dialect) *failure {
	try := j.begin + " " + shellWord(c.Args().First())
	if !join.Speaks(d) {
		for _, name := range []string{voiceIn, voiceOut, voicePort} {
			if c.IsSet(name) {
				return badUse(try, "cannot use %s: by %s nobody is called", given(c, name), d.Name())
			}
		}
		return nil
	}
	s := &j.sound
	s.in, s.out = c.String(voiceIn), c.String(voiceOut)
	port := c.Int(voicePort)
	if port < 0 || port > 65535 || port == 0 && c.IsSet(voicePort) {
		return badUse(try, "cannot use %s: it is no port from 1 to 65535", given(c, voicePort))
	}
	s.port = uint16(port)
	if s.in != "" {
		d, err := wav.Open(s.in, "")
		if err != nil {
			return badUse(try, "cannot use %s: %s", given(c, voiceIn), err)
		}
		d.Close()
	}
	if s.out != "" {
		if err := canBeMade(s.in, s.out); err != nil {
			return badUse(try, "cannot use %s: %s", given(c, voiceOut), err)
		}
	}
	s.listen = newFinder().voiceListen(c.Context, j.target.server)
	return nil
}

// canBeMade reports why a file of that name cannot be written while we read the
// other one (""), as far as that shows without touching it.
func canBeMade(in, file string) error {
	if info, err := os.Stat(file); err == nil {
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no plain file", file)
		}
		if said, err := os.Stat(in); in != "" && err == nil && os.SameFile(said, info) {
			return fmt.Errorf("%s is the file that is said; hear into another one", file)
		}
	}
	dir := filepath.Dir(file)
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = fs.ErrInvalid
	}
	if err != nil {
		return fmt.Errorf("there is no folder %s", dir)
	}
	return nil
}

// voiceListen is any address of the family by which a server is reached.
func (f finder) voiceListen(ctx context.Context, server string) netip.AddrPort {
	if at := f.reach(ctx, server); at.IsValid() && at.Addr().Is6() {
		return netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
	}
	return netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
}

// open implements join.DeviceOpener: files if the flags name any, else the sound
// card, which may keep us waiting and is opened by a goroutine of its own.
func (s *sound) open(done func(voice.Device, error)) {
	if s.in == "" && s.out == "" {
		go func() {
			d, err := pulse.Open(pulse.Options{Title: "mim"})
			if err != nil {
				done(nil, fmt.Errorf("%w; without a sound card, --%s FILE.wav and --%s FILE.wav speak and hear", err, voiceIn, voiceOut))
				return
			}
			done(d, nil)
		}()
		return
	}
	s.calls++
	d, err := wav.Open(s.in, numbered(s.out, s.calls))
	if err != nil {
		done(nil, err) // a nil *wav.Device would be a device
		return
	}
	done(d, nil)
}

// numbered is the name of the nth file: of the first as it is, then NAME-2.wav.
func numbered(file string, n int) string {
	if n < 2 || file == "" {
		return file
	}
	ext := filepath.Ext(file)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(file, ext), n, ext)
}
