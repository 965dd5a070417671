"""An icon that would fill the memory, in a process that may be ended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LEVELS = ''.join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 20))
BOMB = (f'<!DOCTYPE svg [<!ENTITY l0 "lol">{LEVELS}]>'
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="&l19;"/></svg>').encode()


def test_a_bomb_of_entities_costs_nothing() -> None:
    code = f'from floor.plant.icon_svg import clean_svg\ntry: clean_svg({BOMB!r})\nexcept Exception as e: print(e)'
    done = subprocess.run(['timeout', '10', sys.executable, '-c', code], capture_output=True, text=True, check=True,
                          cwd=Path(__file__).parents[2])
    assert 'document type' in done.stdout
