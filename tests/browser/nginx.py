"""A real nginx before the program, with the configuration of deploy/README.md."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser.program import Program
from ports import free_port

README = Path(__file__).parents[2] / 'deploy' / 'README.md'
NO_NGINX = 'no nginx: `apt-get install nginx-light`'
PATIENCE_S = 30.0
LOCATION, PASS = 'location / {', 'proxy_pass http://127.0.0.1:8000;'
HOST = 'proxy_set_header Host $http_host;'


class Proxied:
    """A program as people reach it through nginx; takes the program's place for a Visitor."""

    def __init__(self, program: Program, host: str, path: str) -> None:
        self.program = program
        self.host = host
        """Name and port, as in addresses."""
        self.url = f'http://{host}{path}'
        """Where the floor is, without the slash at its end."""
        self.path = path

    @property
    def log(self) -> str:
        """What the program says."""
        return self.program.log


def example() -> str:
    """The server block of deploy/README.md."""
    block = re.search(r'```nginx\n(.*?)```', README.read_text(encoding='utf-8'), re.DOTALL)
    assert block is not None
    return block[1]


@contextmanager
def nginx(program: Program, *changes: tuple[str, str], name: str = '127.0.0.1', path: str = '') -> Iterator[Proxied]:
    """The nginx of deploy/README.md before this program. changes: what is in the example, and what to write instead."""
    server = example()
    port = free_port()
    for old, new in [*changes, ('listen 80;', f'listen 127.0.0.1:{port};'), ('127.0.0.1:8000', program.host)]:
        assert old in server
        server = server.replace(old, new)
    folder = Path(tempfile.mkdtemp(prefix='nginx-'))
    temporary = '\n'.join(f'{kind}_temp_path {folder}/{kind};' for kind in
                          ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
    user = f'user {pwd.getpwuid(0).pw_name};' if os.getuid() == 0 else ''
    (folder / 'nginx.conf').write_text(f"""{user} daemon off; pid {folder}/pid; error_log {folder}/error.log;
        events {{}} http {{ access_log off; {temporary}\n{server} }}""")
    process = subprocess.Popen([find_nginx(), '-c', str(folder / 'nginx.conf'), '-e', str(folder / 'error.log')])
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not answers(f'http://127.0.0.1:{port}/'):
            assert process.poll() is None and time.monotonic() < deadline, (folder / 'error.log').read_text()
            time.sleep(.05)
        yield Proxied(program, f'{name}:{port}', path)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        shutil.rmtree(folder, ignore_errors=True)


def find_nginx() -> str:
    """Where it is; skips, or fails where REQUIRE_BROWSER says that nothing may be missing."""
    if (path := shutil.which('nginx', path=f'{os.environ["PATH"]}:/usr/sbin:/usr/local/sbin')) is not None:
        return path
    if os.environ.get('REQUIRE_BROWSER') == '1':
        pytest.fail(NO_NGINX)
    pytest.skip(NO_NGINX)


def answers(url: str) -> bool:
    """Whether anybody does, and be it with an error."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
