"""Ports for programs that get theirs, that nobody else takes before they listen or while they start again."""

from __future__ import annotations

import random
import socket
import sys

PORTS = range(20_000, 32_000)
"""Below those that systems give to outgoing connections and to programs that ask for any port."""

_reserved: list[socket.socket] = []  # for as long as this process runs


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and that no other test run of this machine is given meanwhile."""
    for port in random.sample(PORTS, len(PORTS)):
        if _is_free(port) and _reserve(port):
            return port
    raise RuntimeError(f'no port of {PORTS} is free')


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(('127.0.0.1', port))
        except OSError:
            return False
    return True


def _reserve(port: int) -> bool:
    """A name that only one process can have, and that goes with it; only Linux has such names."""
    if sys.platform != 'linux':
        return True
    reservation = socket.socket(socket.AF_UNIX)
    try:
        reservation.bind(f'\0line-monitor-test-port-{port}')
    except OSError:
        reservation.close()
        return False
    _reserved.append(reservation)
    return True
