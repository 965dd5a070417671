"""From NOTIFY to memory: the listener, what it reads, and the store that pages are bound to."""
