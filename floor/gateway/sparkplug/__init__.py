"""Sparkplug B 3.0: payloads, what a host application remembers of edge nodes, and the source that listens to them."""
