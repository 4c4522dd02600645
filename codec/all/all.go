// Package all is the list of dialects. Nothing else in mim knows them by name.
package all

import (
	"mim/codec"
	"mim/codec/comp9331"
	"mim/codec/dtu"
	"mim/codec/elc004"
	"mim/codec/messenger"
	"mim/codec/mim0"
)

// Dialects gives each dialect with its default settings.
func Dialects() []codec.Dialect {
	return []codec.Dialect{
		mim0.New(),
		messenger.New(),
		comp9331.New(),
		dtu.New(),
		elc004.New(),
	}
}
