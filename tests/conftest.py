"""What the tests share: a local AWS that enforces IAM, a front before it, and a home to run in."""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import identity_center
import local_aws
import powershell
import prepare
import pytest
from front import Front, session
from hypothesis import HealthCheck, settings
from running import ACCESS_KEY_ID, SECRET, Home

# The same inputs each time, however long they take on a busy machine: what is new is for the fuzzer to find. The inputs
# of a test may share a fixture's directory.
settings.register_profile(
    "same",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("same")

# What runs the tests may have these ignored (nohup, a shell's background), and every process that it starts with it.
if sys.platform != "win32":
    for _number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(_number, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

# Nothing that the tests start has the real home: what asks for one without being given its own finds an empty one. What
# installers have loaded, the builds of the conformance suite, and PowerShell stay where they are.
_REAL_CACHE = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
for _name, _folder in (
    ("PIP_CACHE_DIR", "pip"),
    ("UV_CACHE_DIR", "uv"),
    ("CONFORMANCE_CACHE", "assume-helper-conformance"),
    ("POWERSHELL_CACHE", "assume-helper-powershell"),
    ("ASSUME_HELPER_CI_CACHE", "assume-helper-ci"),
):
    os.environ.setdefault(_name, os.path.join(_REAL_CACHE, _folder))
_HOME = tempfile.TemporaryDirectory(prefix="home-")
os.environ["HOME"] = os.environ["USERPROFILE"] = _HOME.name
for _name in [name for name in os.environ if name.startswith("XDG_")]:
    del os.environ[_name]

# The tests' own SDK calls, too, see nothing of the machine's settings.
for _name in list(os.environ):
    if _name.upper().startswith("AWS_") or _name.upper().endswith("_PROXY"):
        del os.environ[_name]


if sys.platform != "win32":
    import ptyprocess

    def _terminate(child: ptyprocess.PtyProcess, force: bool = False) -> bool:
        """End a process of a terminal's: it has as long as it takes to go, and not pexpect's tenth of a second."""
        child.kill(signal.SIGKILL)
        end = time.monotonic() + 60
        while child.isalive():
            assert time.monotonic() < end, "it does not end"
            time.sleep(0.01)
        return True

    ptyprocess.PtyProcess.terminate = _terminate


_UNMEASURED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the processes of one case of each test measured.

    Coverage takes a quarter of a second of each process, and a hit a fiftieth.
    """
    measured: set[str] = set()
    for item in items:
        test = item.nodeid.partition("[")[0]
        # What compares the front with Python starts thousands, and covers no more.
        item.stash[_UNMEASURED] = test in measured or item.path.name.startswith("test_front_")
        measured.add(test)


@pytest.fixture(autouse=True)
def _few_are_measured(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave coverage out of the processes that the other cases start."""
    if request.node.stash[_UNMEASURED]:
        monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The local AWS, IAM enforced, prepared by the walkthrough's own script: its URL, and the folder that wrote."""
    into = tmp_path_factory.mktemp("prepared")
    with local_aws.started() as url:
        administrator = boto3.Session("local", "local", region_name="us-east-1")
        administrator.client("s3", endpoint_url=url).create_bucket(Bucket="a-bucket")
        prepare.prepare(administrator, url, into, prepare.helper_command())
        local_aws.close(url)
        yield url, into


@pytest.fixture
def front(aws: tuple[str, Path]) -> Iterator[Front]:
    """A front before the local AWS."""
    front = Front(aws[0])
    front.start()
    yield front
    front.stop()


@pytest.fixture
def offline_front() -> Iterator[Front]:
    """A front that answers by itself: nothing is behind it."""
    front = Front("http://127.0.0.1:9")
    front.start()
    yield front
    front.stop()


@pytest.fixture
def center() -> Iterator[identity_center.Center]:
    """A local Identity Center, and the sign-in service of console logins."""
    with identity_center.serving() as center:
        yield center


@pytest.fixture(scope="session")
def pwsh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[powershell.PowerShell]:
    """A real PowerShell, one process for all that a worker's tests evaluate."""
    program = powershell.program()
    if program is None:
        pytest.skip(powershell.MISSING)
    found = powershell.PowerShell(program, tmp_path_factory.mktemp("powershell"))
    yield found
    found.stop()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home(tmp_path / "home")


@pytest.fixture
def role(home: Home, offline_front: Front) -> Home:
    """A home with the profile `dev`, a role through an access key, and the front as its STS."""
    home.config.write_text(
        "[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/dev\nsource_profile = base\n"
        f"region = us-east-1\nendpoint_url = {offline_front.url}\n"
    )
    home.credentials.write_text(f"[base]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n")
    for path in (home.config, home.credentials):
        # Settled long ago: what has changed within 20 ms is not remembered, and a run may begin sooner than that.
        os.utime(path, ns=(0, 1_700_000_000_123_456_789))
    return home


@pytest.fixture
def granted(role: Home, offline_front: Front) -> Home:
    """A home with the profile `dev`, whose STS gives a session to everyone who asks."""
    offline_front.behaviour = session()
    return role


@pytest.fixture
def folk(role: Home, offline_front: Front) -> Home:
    """A home as people have one: a role in the config, an access key in the credentials file, the front as STS."""
    from configuring import CONFIG

    offline_front.behaviour = session()
    role.config.write_text(CONFIG)
    role.environ |= {"AWS_ENDPOINT_URL_STS": offline_front.url}
    return role


@pytest.fixture
def real_role(home: Home, front: Front, aws: tuple[str, Path]) -> Home:
    """A home with the walkthrough's profiles sts-user and sts-role, on the local AWS behind the front."""
    url, prepared = aws
    home.config.write_text((prepared / "config").read_text().replace(url, front.url))
    home.credentials.write_text((prepared / "credentials").read_text())
    return home
