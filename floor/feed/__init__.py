"""From NOTIFY to memory: the listener, the protocol, and the store behind all pages."""
