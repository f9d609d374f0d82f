"""What the tests of logins put in place of a process."""

import time

import pytest

from assume_helper.logins import renewal_process
from assume_helper.logins.renewal_process import Job, Started


@pytest.fixture
def renewed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A renewal is run by this process: starting another one takes longer than all else that these tests do."""

    def start(job: Job, _descriptor: int, _environ: object) -> Started:
        renewal_process.run(job, time.time)
        return Started(None)

    monkeypatch.setattr(renewal_process, "start", start)
