package book

import "mim/chat/client"

// calls are those that ring, and the one that we are in.
type calls struct{}

// call takes news of a call.
func (b *Book) call(v client.View) News { return News{} }
