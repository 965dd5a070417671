"""Writes tests/releases/VERSION of the program as it is now: `python -m tests.releases`.

    database.sql.gz   the schema, by pg_dump
    floor.zip         a backup, by the app's own command
    expected.json     what both hold: contents.py

A test opens all of it with every later version. A folder that is there is only replaced with --replace, before its
version is released.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import re
import shutil
import subprocess
import sys
import tempfile
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))   # the modules have the same names here as under pytest

from database.postgres import SCHEMA
from pictures import encoded, motif
from short_folder import short_folder

from floor.analytics import Window
from floor.core.settings import Settings
from floor.core.version import program_version
from floor.db import backup
from floor.db.database import Database
from floor.db.embedded.postgres_binaries import binaries
from floor.db.embedded.server import EmbeddedPostgres
from floor.db.migrations import connect_prepared
from releases.contents import contents

FOLDER = Path(__file__).parent
NOT_IN_OLDER = re.compile(r'^(SET transaction_timeout = 0;|\\(un)?restrict .*)\n', re.MULTILINE)
"""Lines of pg_dump 18 that psql or a server 16 does not know; the second has a random word."""


def make(folder: Path) -> None:
    """Fill a new embedded database with plant.sql and save it in both ways."""
    with short_folder() as place:
        settings = Settings.load(_env_file=None, data_dir=place / 'd', database_url=None, pghost=None,
                                 new_floor='empty', plant_timezone='Europe/Berlin')
        postgres = EmbeddedPostgres(settings.data_dir, report=lambda _: None)
        postgres.start()
        try:
            asyncio.run(_migrate(Database(postgres.url, settings)))
            picture = b64encode(encoded(motif((48, 36)), 'PNG')).decode()
            _run('psql', '-Xq', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-v', f'picture={picture}',
                 '-d', postgres.url, '-f', str(FOLDER / 'plant.sql'))
            end = datetime.now(UTC).replace(microsecond=0)
            window = Window(end - timedelta(days=6), end)
            found = asyncio.run(contents(settings.model_copy(update={'database_url': postgres.url}), window))
            dump = _run('pg_dump', '-n', SCHEMA, '--no-owner', '--no-acl', '-d', postgres.url)
        finally:
            postgres.stop()
        backup.save(settings, place / 'floor.zip')
        folder.mkdir()
        shutil.copy(place / 'floor.zip', folder / 'floor.zip')
    text = NOT_IN_OLDER.sub('', dump)
    (folder / 'database.sql.gz').write_bytes(gzip.compress(text.encode(), mtime=0))
    window_times = [window.start.isoformat(), window.end.isoformat()]
    (folder / 'expected.json').write_text(
        json.dumps({'window': window_times} | found, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')


async def _migrate(database: Database) -> None:
    connection = await connect_prepared(database)()
    await connection.close()


def _run(program: str, *arguments: str) -> str:
    return subprocess.run([binaries() / program, *arguments], check=True, text=True, stdout=subprocess.PIPE).stdout


def main() -> int:
    """0, or 2 where the folder is there already."""
    parser = argparse.ArgumentParser(prog='python -m tests.releases', description=__doc__)
    parser.add_argument('--replace', action='store_true')
    options = parser.parse_args()
    folder = FOLDER / program_version()
    if folder.exists() and not options.replace:
        parser.error(f'{folder} is there already: a release is never written again')
    with tempfile.TemporaryDirectory() as place:
        make(Path(place) / 'made')
        if folder.exists():
            shutil.rmtree(folder)
        shutil.copytree(Path(place) / 'made', folder)
    for path in sorted(folder.iterdir()):
        print(f'{path.relative_to(FOLDER)}: {path.stat().st_size:,} bytes')
    return 0


if __name__ == '__main__':
    sys.exit(main())
