"""OPC UA: the source that subscribes to variables of a server, and the list of what a server has."""
