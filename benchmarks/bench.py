"""What is measured: the environments that assume-helper is installed in, and its commands as they are run there."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import peers
import targets
from installed import Environment
from measure import Run, ran
from scene import HELPED, Scene

Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Bench:
    """All that the groups need: where, what, and how often.

    `ours` has the program without the front, `old` the console script of an old pip; in `front` and `static` the
    command is the front, linked dynamically and statically. None of these where it cannot be had.
    """

    scene: Scene
    ours: Environment
    old: Environment | None
    front: Environment | None
    static: Environment | None
    found: peers.Found
    rounds: int

    @property
    def package(self) -> str:
        """The folder that the package is installed in."""
        code = "import assume_helper as a; print(a.__path__[0])"
        return ran(Run([self.ours.python, "-I", "-c", code], self.scene.environ())).stdout.decode().strip()

    def bare(self) -> Run:
        """The interpreter itself."""
        return Run([self.ours.python, "-I", "-S", "-c", "pass"], self.scene.environ())

    def fastest(self, profiles: int = 1) -> Run:
        """`get` as `configure --fastest` writes it where there is no front."""
        entry = os.path.join(self.package, "__main__.py")
        return Run([self.ours.python, "-I", "-S", entry, "get", HELPED], self.scene.environ(profiles))

    def console(self, before: Callable[[], None] = lambda: None) -> Run:
        """`get` by the console script."""
        return Run([self.ours.script("assume-helper"), "get", HELPED], self.scene.environ(), before)


def filled(runs: dict[str, Run]) -> dict[str, Run]:
    """`runs`, each started once: what is to be warm is warm. Raises RuntimeError where one fails."""
    for name, run in runs.items():
        done = ran(run)
        if done.returncode != 0:
            raise RuntimeError(f"{name}: exit {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-300:]}")
    return runs


def boto3_runs(bench: Bench) -> dict[str, Run]:
    """boto3's own script, where it is measured."""
    return {peer.name: peer.run for peer in bench.found.peers if peer.name == targets.BOTO3}
