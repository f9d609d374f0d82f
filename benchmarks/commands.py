"""What each command costs, with the front and without; and a herd of all that the cache could answer, cold."""

from collections.abc import Callable

import targets
from bench import Bench, Rows, boto3_runs, filled
from installed import Environment
from measure import Run, in_turn, largest_size, rows
from scene import HELPED

_OPTIONS = ("get", HELPED, "--duration-seconds", "1800")
_EXEC = ("exec", HELPED, "--", "/bin/true")
_ENV = ("env", HELPED, "--shell", "bash")
# As bash's script asks when TAB is pressed where a profile's name is wanted.
_TAB = ("completion", "bash", "--", "assume-helper get ", "\"'><=;|&(:")
_SCRIPT = ("completion", "bash")
_HERD = 200


def front(bench: Bench) -> Rows:
    """What the front answers by itself."""
    runs = {targets.BARE: bench.bare()}
    if bench.front is not None:
        ask = _asking(bench, bench.front)
        runs |= {
            targets.FRONT_GET: ask("get", HELPED),
            targets.FRONT_10_000: ask("get", HELPED, profiles=10_000),
            targets.FRONT_OPTIONS: ask(*_OPTIONS),
            targets.FRONT_EXEC: ask(*_EXEC),
            targets.FRONT_ENV: ask(*_ENV),
            targets.FRONT_VERSION: ask("--version"),
            targets.FRONT_TAB: ask(*_TAB),
            targets.FRONT_TAB_10_000: ask(*_TAB, profiles=10_000),
            targets.FRONT_SCRIPT: ask(*_SCRIPT),
        }
    if bench.static is not None:
        runs[targets.STATIC_GET] = _asking(bench, bench.static)("get", HELPED)
    return rows(in_turn(filled(runs), bench.rounds), targets.BARE) if len(runs) > 1 else {}


def without_front(bench: Bench) -> Rows:
    """The same by the console script, and what is stored encrypted."""
    ask = _asking(bench, bench.ours)
    encrypted = bench.scene.environ_of(bench.scene.encrypted)
    runs = {
        targets.BARE: bench.bare(),
        targets.OPTIONS: ask(*_OPTIONS),
        targets.EXEC: ask(*_EXEC),
        targets.ENV: ask(*_ENV),
        targets.VERSION: ask("--version"),
        targets.TAB: ask(*_TAB),
        targets.SCRIPT: ask(*_SCRIPT),
        targets.LIST: ask("list", profiles=40),
        targets.ENCRYPTED: Run([bench.ours.script("assume-helper"), "get", HELPED], encrypted),
    }
    return rows(in_turn(filled(runs), max(bench.rounds // 4, 3)), targets.BARE)


def _asking(bench: Bench, of: Environment) -> Callable[..., Run]:
    def ask(*words: str, profiles: int = 1) -> Run:
        return Run([of.script("assume-helper"), *words], bench.scene.environ(profiles))

    return ask


def front_memory(bench: Bench) -> Rows:
    """The most memory that a hit by the front takes."""
    found: Rows = {}
    for name, of in ((targets.FRONT_GET, bench.front), (targets.STATIC_GET, bench.static)):
        if of is not None:
            run = _asking(bench, of)("get", HELPED)
            size = largest_size(filled({name: run})[name], max(bench.rounds // 10, 3))
            if size is not None:
                found[name] = {"median_kib": size}
    return found


def miss(bench: Bench) -> Rows:
    """A call to an STS that answers at once, and an edit of the config without one: the client's own time."""
    scene = bench.scene
    environ = scene.environ_of(scene.quick)
    get = [bench.ours.script("assume-helper"), "get", HELPED]
    runs = {name: Run(run.command, environ) for name, run in boto3_runs(bench).items()}
    runs[targets.MISS] = Run(get, environ, scene.forget)
    if bench.front is not None:
        runs[targets.FRONT_MISS] = Run([bench.front.script("assume-helper"), *get[1:]], environ, scene.forget)
    runs[targets.EDITED] = Run(get, environ, scene.edit_quick_config)
    against = targets.BOTO3 if targets.BOTO3 in runs else targets.MISS
    return rows(in_turn(filled(runs), max(bench.rounds // 4, 3)), against)


def herd(bench: Bench) -> Rows:
    """Two hundred processes that start together, `get`, `exec` and `env`, with nothing cached; and one alone."""
    if bench.front is None:
        return {}
    scene = bench.scene
    environ = scene.environ_of(scene.quick)
    script = bench.front.script("assume-helper")
    one, *others = ([script, *words] for _, words in zip(range(_HERD), _in_turns(), strict=False))
    runs = {
        targets.FRONT_MISS: Run([script, "get", HELPED], environ, scene.forget),
        targets.HERD: Run(one, environ, scene.forget, beside=others),
    }
    return rows(in_turn(filled(runs), max(bench.rounds // 10, 3)), targets.FRONT_MISS)


def _in_turns() -> "list[tuple[str, ...]]":
    return [("get", HELPED), _EXEC, _ENV] * _HERD
