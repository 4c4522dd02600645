package mim0

import (
	"net/netip"
	"testing"

	"mim/chat"
	"mim/codec"
	"mim/codec/codectest"
)

var (
	loopback  = netip.MustParseAddrPort("127.0.0.1:50000")
	elsewhere = netip.MustParseAddrPort("198.51.100.9:50000")
)

// suite tells the conformance suite what a mim0 connection is; its streams are
// the vectors, and what the vectors leave out.
func suite(tb testing.TB) codectest.Suite {
	return codectest.Suite{
		Dialect: New(),
		Page:    "../../docs/dialects/mim0.md",
		Pairs: []codectest.Pair{
			registryPair(tb, "near", loopback),
			registryPair(tb, "far", elsewhere),
			{Name: "peers", Ends: [2]codectest.End{
				{
					Name:  "the one who calls",
					Link:  codec.Link{Role: codec.Peer, Dialed: true, As: "alice", Remote: elsewhere},
					Hears: append(oddLines(), streams(tb, "client->client")...),
					Keeps: maxLine + 1,
				}, {
					Name:  "the one who is called",
					Link:  codec.Link{Role: codec.Peer, Remote: elsewhere},
					Hears: append(streams(tb, "client->client"), oddLines()...),
					Keeps: maxLine + 1,
				},
			}},
		},
	}
}

func registryPair(tb testing.TB, name string, client netip.AddrPort) codectest.Pair {
	return codectest.Pair{Name: "registry, " + name, Ends: [2]codectest.End{
		{
			Name:  "registry",
			Link:  codec.Link{Role: codec.Registry, Remote: client},
			Hears: streams(tb, "client->server"),
			Keeps: sizeLen + maxSize - 1,
		}, {
			Name:  "client",
			Link:  codec.Link{Role: codec.Registry, Remote: loopback},
			Calls: true,
			Asks:  []chat.Request{&chat.Login{Name: "alice", Port: 40001}},
			Hears: append(streams(tb, "server->client"), oddLines()...),
			Keeps: maxLine + 1, // more than the 2+4095 of a block
		},
	}}
}

func TestConformance(t *testing.T) { codectest.Run(t, suite(t)) }

func FuzzRead(f *testing.F)  { codectest.FuzzRead(f, suite(f)) }
func FuzzWrite(f *testing.F) { codectest.FuzzWrite(f, suite(f)) }
