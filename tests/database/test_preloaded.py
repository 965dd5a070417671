"""What tests start instead of `python main.py` is to be as that is."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import preloaded
import pytest

SCRIPT = """
import asyncio, json, os, random, sys, threading
from beside import VALUE
print(json.dumps({'arguments': sys.argv, 'name': __name__, 'cwd': os.getcwd(), 'environment': dict(os.environ),
                  'descriptors': sorted(map(int, os.listdir('/proc/self/fd'))), 'threads': threading.active_count(),
                  'chance': random.random(), 'value': VALUE}), flush=True)
print('to the error output', file=sys.stderr)
if len(sys.argv) > 1 and sys.argv[1] == 'wait':
    asyncio.run(asyncio.sleep(60))
sys.exit(int(sys.argv[1]))
"""


def run(folder: Path, *arguments: str) -> tuple[preloaded.Run, Path]:
    (folder / 'script.py').write_text(SCRIPT)
    (folder / 'beside.py').write_text('VALUE = 7')
    output = folder / f'output-{arguments[0]}'
    with output.open('wb') as out:
        return preloaded.run([str(folder / 'script.py'), *arguments], out.fileno(), folder, {'ONLY': 'this'}), output


def test_a_run_has_its_own_arguments_environment_folder_output_and_end(tmp_path: Path) -> None:
    sleeping, _ = run(tmp_path, 'wait', 'long')
    done, output = run(tmp_path, '3')
    assert done.wait(60) == done.poll() == 3
    first, second = output.read_text().splitlines()
    found = json.loads(first)
    assert found.pop('chance') != json.loads(run_again(tmp_path))['chance']
    assert found == {'arguments': [str(tmp_path / 'script.py'), '3'], 'name': '__main__', 'cwd': str(tmp_path),
                     'environment': {'ONLY': 'this'}, 'descriptors': [0, 1, 2, 3], 'threads': 1, 'value': 7}
    assert second == 'to the error output'
    with pytest.raises(subprocess.TimeoutExpired):
        sleeping.wait(0.01)
    assert sleeping.poll() is None
    sleeping.send_signal(signal.SIGKILL)
    assert sleeping.wait(60) == -signal.SIGKILL
    sleeping.kill()  # what has ended already


def run_again(folder: Path) -> str:
    again, output = run(folder, '0')
    assert again.wait(60) == 0
    return output.read_text().splitlines()[0]
