"""Converts pictures for storage: upright, without metadata, with a thumbnail. A separate process decodes them."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import InvalidInputError, UploadsBusyError
from .work_order_files import MAX_FILE_BYTES

log = logging.getLogger(__name__)

PROGRAM = Path(__file__).with_name('picture_process.py')
MAX_PROCESSES = 1
"""Each may use 1.5 GiB and one processor."""
DECODE_TIMEOUT_S = 60.0
PASSED_VARIABLES = ('PATH', 'HOME', 'LD_LIBRARY_PATH', 'SYSTEMROOT')
"""Environment variables of the process; all others, such as passwords, are withheld."""
QUEUE_TIMEOUT_S = 60.0
UNREADABLE = 'this picture takes too much memory or time to decode: make it smaller'


@dataclass(frozen=True, slots=True)
class Picture:
    """A converted picture and its thumbnail, a JPEG of at most 24 kB."""

    media_type: str
    content: bytes
    thumbnail: bytes


class Pictures:
    """Converts pictures, one at a time, without blocking the event loop."""

    def __init__(self, max_processes: int = MAX_PROCESSES, decode_timeout: float = DECODE_TIMEOUT_S,
                 queue_timeout: float = QUEUE_TIMEOUT_S) -> None:
        """decode_timeout: seconds to decode one picture. queue_timeout: seconds to wait for earlier pictures."""
        self._processes = asyncio.Semaphore(max_processes)
        self._longest = decode_timeout
        self._longest_turn = queue_timeout
        self.busy = 0
        """The number of running processes."""

    async def rewritten(self, content: bytes, media_type: str) -> Picture:
        """Convert a picture; HEIC, AVIF and TIFF become JPEG.

        :raises InvalidInputError: the picture is damaged or too large
        :raises UploadsBusyError: earlier pictures took longer than queue_timeout
        """
        try:
            async with asyncio.timeout(self._longest_turn):
                await self._processes.acquire()
        except TimeoutError:
            raise UploadsBusyError('many pictures are being processed: try again in a minute',
                                   self._longest_turn) from None
        try:
            output = await self._decoded(content, media_type)
        finally:
            self._processes.release()
        head, _, parts = output.partition(b'\n')
        answer = json.loads(head)
        if 'problem' in answer:
            log.debug('picture refused', extra={'media_type': media_type, 'size': len(content), **answer})
            raise InvalidInputError(answer['problem'], 'content')
        size, _ = answer['sizes']
        return Picture(answer['media_type'], parts[:size], parts[size:])

    async def _decoded(self, content: bytes, media_type: str) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable, '-P', str(PROGRAM), media_type, str(MAX_FILE_BYTES),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=_environment())
        self.busy += 1
        errors = b''
        try:
            async with asyncio.timeout(self._longest):
                output, errors = await process.communicate(content)
            if process.returncode == 0 and output:
                return output
        except TimeoutError:
            errors = b'timed out'
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            self.busy -= 1
        log.warning('cannot decode a picture', extra={
            'media_type': media_type, 'size': len(content), 'exit': process.returncode,
            'error': errors.decode(errors='replace').strip().rpartition('\n')[2][:500]})
        raise InvalidInputError(UNREADABLE, 'content')


def _environment() -> dict[str, str]:
    """The environment of the process: PASSED_VARIABLES, and the path of the installed packages."""
    passed = {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ}
    return {**passed, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path)), 'MALLOC_ARENA_MAX': '1'}
