"""botocore's provider, in whose place the tests of logins put what it gives."""

from collections.abc import Callable
from typing import Any

import pytest

from assume_helper.system import sdk_provider


@pytest.fixture
def providing(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], list[object]]:
    """Called with a result, botocore's provider gives or raises it; what it is asked is in the list returned."""

    def provide(result: object) -> list[object]:
        asked: list[object] = []

        def load(*arguments: object) -> Any:
            asked.extend(arguments)
            if isinstance(result, Exception):
                raise result
            return result

        monkeypatch.setattr(sdk_provider, "load", load)
        return asked

    return provide
