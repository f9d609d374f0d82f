"""The command line of `exec --sandbox`."""

from pathlib import Path

from assume_helper.export import sandbox
from assume_helper.export.sandbox import Network, Places

PROGRAMS = ("/bin/pasta", "/bin/unshare", "/bin/bwrap", "/sbin/ip")


def words(places: Places, network: Network) -> list[str]:
    return sandbox.words(
        PROGRAMS,
        places,
        network,
        ["program", "--", "x"],
        python="/bin/python",
        status="/status",
        filtered="/filter",
        log="/log",
        user=7,
        group=8,
        is_shell=False,
    )


def test_the_order_is_network_then_metadata_then_files_then_the_program(tmp_path: Path) -> None:
    found = words(Places(str(tmp_path)), Network())
    order = [found.index(name) for name in ("/bin/pasta", "/bin/unshare", "/bin/sh", "/sbin/ip", "/bin/bwrap")]
    assert order == sorted(order)
    assert found.index("/bin/python") > order[-1]
    assert found[-3:] == ["program", "--", "x"]
    for option in (
        "--no-map-gw",
        "--cap-drop",
        "--die-with-parent",
        "--unshare-user",
        "--unshare-pid",
        "--unshare-ipc",
    ):
        assert option in found
    for option in ("-t", "-u", "-T", "-U"):
        assert found[found.index(option) + 1] == "none"


def test_only_the_ports_that_are_named_are_let_in(tmp_path: Path) -> None:
    found = words(Places(str(tmp_path)), Network(ports=(80, 4566)))
    assert found[found.index("-T") + 1] == "80,4566"


def test_what_is_hidden_in_the_working_directory_is_hidden_after_that_is_bound(tmp_path: Path) -> None:
    """A directory that is bound shows all that is in it, the hidden too."""
    inner, outer = tmp_path / "work" / "secret", tmp_path / "secret"
    for folder in (inner, outer):
        folder.mkdir(parents=True)
    work = str(tmp_path / "work")
    found = words(Places(work, hidden=(str(inner), str(outer))), Network())
    assert found.index(str(outer)) < found.index(work) < found.index(str(inner))


def test_what_is_pinned_is_bound_before_what_is_read_only_in_it(tmp_path: Path) -> None:
    git = str(tmp_path / ".git")
    found = words(Places(str(tmp_path), pinned=(git,), read_only=(f"{git}/hooks",)), Network())
    assert found.index(git) < found.index(f"{git}/hooks")
    assert found[found.index(f"{git}/hooks") - 1] == "--ro-bind"


def test_a_path_is_in_a_folder_by_its_parts() -> None:
    assert sandbox.is_in("/a/b", "/a")
    assert sandbox.is_in("/a", "/a")
    assert sandbox.is_in("/a", "/")
    assert not sandbox.is_in("/ab", "/a")
