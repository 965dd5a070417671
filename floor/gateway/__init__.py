"""The gateway: a process on the plant's network that reads machines and reports to the app over HTTP."""
