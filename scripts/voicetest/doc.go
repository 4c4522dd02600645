// Package voicetest measures calls: whether what one person said is what
// another one heard, and how much later. Its tests run real messengers and a
// server, with sound files instead of people.
//
// Sound is 16-bit samples, mono, all of one rate.
package voicetest
