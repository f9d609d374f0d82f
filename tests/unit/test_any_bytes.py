"""The fuzzer's targets without the fuzzer: every seed holds, and so do seeds with something hostile put into them."""

import sys
from pathlib import Path

import pytest
from fuzz import targets
from hypothesis import given, settings
from hypothesis import strategies as st

CORPUS = Path(targets.__file__).parent / "corpus"
SEEDS = {
    f"{target.name}/{seed.name}": seed.read_bytes()
    for target in sorted(CORPUS.iterdir())
    for seed in sorted(target.iterdir())
}
HOSTILE = [
    b"\n",
    b"\r\n",
    b"\0",
    b"\x1b]0;title\x07",
    b"\x1b[2J",
    "\u202e\u2066\u061c\u200f".encode(),
    "\u2028\u2029\x85\x9b".encode(),
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"../../etc/passwd",
    b"$(touch pwned)`touch pwned`",
    b"'\"\\",
    b"%s%n{0}{user}",
    b"\n=====\n",
    b"[" * 2000,
    b'{"a":' * 2000,
    b"9" * 5000,
    b"A" * 1_000_000,
]


def test_each_target_has_seeds() -> None:
    assert {name.partition("/")[0] for name in SEEDS} == set(targets.TARGETS)


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_holds(name: str) -> None:
    targets.TARGETS[name.partition("/")[0]](SEEDS[name])


@pytest.mark.parametrize("target", targets.TARGETS)
@given(data=st.data())
@settings(max_examples=60 if sys.platform != "win32" else 20)
def test_a_seed_with_something_hostile_in_it_holds(target: str, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from([text for name, text in SEEDS.items() if name.startswith(target + "/")]))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(seed)))
        end = data.draw(st.integers(start, min(len(seed), start + 20)))
        seed = seed[:start] + data.draw(st.sampled_from(HOSTILE) | st.binary(max_size=20)) + seed[end:]
    targets.TARGETS[target](seed)
