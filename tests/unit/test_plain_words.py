"""The word list of .ci/plain_words.toml: what it finds. CI looks for them in the finished folders."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]

RULES = """
unfinished = ['floor/web', 'README.md']

[words]
'said' = 'row'
'can not' = 'cannot'
'by (itself|themselves)' = 'automatically'

[[exception]]
path = 'floor/core/model.py'
text = 'the man who said'
reason = 'a quotation'
"""


@pytest.fixture(scope='module')
def plain_words() -> ModuleType:
    spec = importlib.util.spec_from_file_location('plain_words', ROOT / '.ci' / 'plain_words.py')
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules['plain_words'] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(('text', 'lines'), [
    ('said = 1', ['floor/db/x.py:1: "said": write row']),
    ('ok\nlast_said()', ['floor/db/x.py:2: "said": write row']),
    ('-- Said by whom', ['floor/db/x.py:1: "Said": write row']),
    ('it can not', ['floor/db/x.py:1: "can not": write cannot']),
    ('def can_not_be_read():', ['floor/db/x.py:1: "can_not": write cannot']),
    ('ends by themselves', ['floor/db/x.py:1: "by themselves": write automatically']),
    ('unsaid, saids, cannot, an item by item', []),
])
def test_a_word_is_found_in_texts_and_as_a_part_of_names(plain_words: ModuleType, text: str, lines: list[str]) -> None:
    assert list(plain_words.found(plain_words.read_rules(RULES), 'floor/db/x.py', text)) == lines


@pytest.mark.parametrize('path', ['floor/web/shell/frame.py', 'README.md'])
def test_unfinished_folders_are_not_checked_yet(plain_words: ModuleType, path: str) -> None:
    assert list(plain_words.found(plain_words.read_rules(RULES), path, 'said')) == []
    assert list(plain_words.found(plain_words.read_rules(RULES), f'floor/{path}', 'said')) != []


def test_an_exception_is_for_one_file_and_one_text(plain_words: ModuleType) -> None:
    rules = plain_words.read_rules(RULES)
    assert list(plain_words.found(rules, 'floor/core/model.py', '# the man who said it')) == []
    assert list(plain_words.found(rules, 'floor/core/model.py', '# said')) != []
    assert list(plain_words.found(rules, 'floor/core/names.py', '# the man who said it')) != []


def test_each_word_and_each_unfinished_folder_is_there(plain_words: ModuleType) -> None:
    rules = plain_words.read_rules((ROOT / '.ci' / 'plain_words.toml').read_text())
    assert 20 <= len(rules.words) <= 40
    assert [path for path in rules.unfinished if not (ROOT / path).exists()] == []
