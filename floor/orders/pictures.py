"""Pictures as they are kept: upright, without metadata, with a thumbnail. Decoded by a program beside this one."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import InvalidInputError, UploadsBusyError
from .work_order_files import MOST_BYTES

log = logging.getLogger(__name__)

PROGRAM = Path(__file__).with_name('picture_process.py')
AT_ONCE = 1
"""Each may take 1.5 GiB and one processor."""
LONGEST_S = 60.0
PASSED_ON = ('PATH', 'HOME', 'LD_LIBRARY_PATH', 'SYSTEMROOT')
"""Of the environment; a decoder needs to know no password."""
LONGEST_TURN_S = 60.0
"""For the pictures that came before it."""
UNREADABLE = 'this picture takes too much memory or time to be read: make it smaller'


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and its thumbnail, a JPEG of at most 24 kB."""

    media_type: str
    content: bytes
    thumbnail: bytes


class Pictures:
    """Rewrites pictures, one after the other, with the event loop free."""

    def __init__(self, at_once: int = AT_ONCE, longest: float = LONGEST_S,
                 longest_turn: float = LONGEST_TURN_S) -> None:
        """longest: seconds that one picture may take; longest_turn: that it waits for those before it."""
        self._turn = asyncio.Semaphore(at_once)
        self._longest = longest
        self._longest_turn = longest_turn
        self.busy = 0
        """How many programs are reading a picture."""

    async def rewritten(self, content: bytes, media_type: str) -> Picture:
        """The picture as it is kept. HEIC, AVIF and TIFF become JPEG.

        :raises InvalidInputError: it is damaged or too large; the message says which
        :raises UploadsBusyError: those before it took too long
        """
        try:
            async with asyncio.timeout(self._longest_turn):
                await self._turn.acquire()
        except TimeoutError:
            raise UploadsBusyError('many pictures are being read at this moment: try again in a minute',
                                   self._longest_turn) from None
        try:
            output = await self._decoded(content, media_type)
        finally:
            self._turn.release()
        head, _, parts = output.partition(b'\n')
        answer = json.loads(head)
        if 'problem' in answer:
            log.debug('a picture was refused', extra={'media_type': media_type, 'size': len(content), **answer})
            raise InvalidInputError(answer['problem'], 'content')
        size, _ = answer['sizes']
        return Picture(answer['media_type'], parts[:size], parts[size:])

    async def _decoded(self, content: bytes, media_type: str) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable, '-P', str(PROGRAM), media_type, str(MOST_BYTES),
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
            errors = b'not done in time'
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            self.busy -= 1
        log.warning('a picture could not be read', extra={
            'media_type': media_type, 'size': len(content), 'exit': process.returncode,
            'error': errors.decode(errors='replace').strip().rpartition('\n')[2][:500]})
        raise InvalidInputError(UNREADABLE, 'content')


def _environment() -> dict[str, str]:
    """The packages of this program, and as little else as will do."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**kept, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path)), 'MALLOC_ARENA_MAX': '1'}
