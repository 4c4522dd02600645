package client

// What others can make a client keep is bounded: whoever fills a bound is
// refused, or the oldest makes room, and nobody else is harmed.
const (
	maxPeople  = 1 << 17 // entries of the table; more are not looked at
	maxPast    = 1024    // people who are gone but can still be written to
	maxWritten = 1024    // people known only because we wrote with them, through a server
	maxUnnamed = 8       // callers from one address that have not said their name (mim0.md, Peers)
	maxCrowd   = 1024    // the same for a moment, see crowdWithin
	maxEarly   = 64      // texts that wait until they may be shown, on one line

	maxHeldLines  = 4096      // input lines that wait for the table
	maxHeldBytes  = 1 << 20   // and their bytes
	maxWaiting    = 8192      // texts that wait in one conversation or, all together, for the server
	maxWaitBytes  = 4 << 20   // and their bytes
	maxOpen       = 16        // texts that the server has been asked and not answered, where they may be several
	maxRings      = 16        // calls that ring at once
	maxTalkers    = 256       // people of one call that we know of
	maxFlight     = 512       // texts on one line that the other machine does not have yet
	maxFlightSize = 256 << 10 // and their bytes: well under what the loop lets a slow reader owe
)
