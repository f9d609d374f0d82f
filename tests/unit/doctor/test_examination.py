"""The whole examination: its order, and that it goes on where a part of it cannot."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from doctor_checks import GOOD, SSO, environ, loaded
from front import Front, error
from running import no_warning

from assume_helper.doctor.check import Check
from assume_helper.doctor.examination import examine
from assume_helper.system.context import CallContext, Clock

NOBODY = error(403, "InvalidClientTokenId", "no")


def examined(folder: Path, front: Front, name: str | None, shown: list[str]) -> list[Check]:
    @contextmanager
    def spinner() -> Iterator[Callable[[], None]]:
        shown.append("on")
        yield lambda: shown.append("stopped")
        shown.append("off")

    clock = Clock()
    given = environ(folder) | {"AWS_ENDPOINT_URL": front.url, "ASSUME_HELPER_CACHE_DIR": str(folder / "cache")}
    context = CallContext(given, clock, clock.now(), clock.monotonic(), "host", lambda: "me", lambda _message: None)
    return list(examine(name, context, spinner))


def names(checks: list[Check]) -> list[str]:
    return list(dict.fromkeys(check.name for check in checks))


def test_all_profiles_are_examined_and_only_sts_is_called(tmp_path: Path, offline_front: Front) -> None:
    offline_front.behaviour = NOBODY
    loaded(tmp_path, GOOD + SSO)
    shown: list[str] = []
    found = names(examined(tmp_path, offline_front, None, shown))
    assert found == ["config", "keys", "environment", "dev", "sso", "base", "login", "cache", "sts", "clock"]
    assert [call.action for call in offline_front.calls] == ["GetCallerIdentity"]
    assert shown == ["on", "off"]


def test_a_profile_is_tried_to_its_end(tmp_path: Path, offline_front: Front) -> None:
    offline_front.behaviour = NOBODY
    loaded(tmp_path, GOOD)
    found = examined(tmp_path, offline_front, "dev", [])
    order = ["config", "profile", "keys", "sdks", "process", "environment", "cache", "sts", "clock", "source", "role"]
    assert names(found) == order
    assert [check.name for check in found if check.status == "fail"] == ["source", "role"]


def test_a_config_that_cannot_be_read_does_not_end_it(tmp_path: Path, offline_front: Front) -> None:
    offline_front.behaviour = NOBODY
    (tmp_path / "config").write_text("[profile dev\n")
    found = examined(tmp_path, offline_front, "dev", [])
    assert names(found) == ["config", "environment", "cache", "sts", "clock"]
    assert [check.name for check in found if check.status == "fail"] == ["config"]


@pytest.mark.parametrize("name", ["dev", None])
def test_each_check_comes_as_soon_as_it_is_known(tmp_path: Path, offline_front: Front, name: str | None) -> None:
    loaded(tmp_path, GOOD)
    context = CallContext(environ(tmp_path), Clock(), 0, 0, "host", lambda: "me", no_warning)
    checks = examine(name, context, pytest.fail)
    assert next(checks).name == "config"
    assert offline_front.calls == []
