"""The front reads access lists as Python does: its own code, built for Windows, on lists that Wine cannot keep."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import access_lists
import build_hook
import pytest
import wine
from built import ROOT

from assume_helper import access_list

pytestmark = pytest.mark.skipif(shutil.which("wine") is None, reason="wine is not installed: it is too large to fetch")

# Prints who it runs as; then, for each descriptor on standard input, whether that is closed to others.
PROGRAM = """
#include "on_windows.h"
#include <stdio.h>
#include <string.h>

static unsigned char given[4096];
static DWORD given_size;

static BOOL hand_over(HANDLE file, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR into, DWORD room, DWORD *size)
{
    (void)file, (void)what;
    *size = given_size;
    if (given_size > room)
        return FALSE;
    memcpy(into, given, given_size);
    return TRUE;
}
#define GetKernelObjectSecurity hand_over
#include "access_list_windows.c"

int main(void)
{
    static char line[2 * sizeof given + 2];
    const unsigned char *me = own_user();
    for (DWORD at = 0; at < GetLengthSid((PSID)me); at++)
        printf("%02x", me[at]);
    printf("\\n");
    while (fgets(line, sizeof line, stdin) != NULL) {
        unsigned byte;
        for (given_size = 0; sscanf(line + 2 * given_size, "%2x", &byte) == 1; given_size++)
            given[given_size] = (unsigned char)byte;
        printf("%d\\n", is_closed_to_others(NULL));
    }
    return 0;
}
"""


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a Windows in which the program runs."""
    folder = tmp_path_factory.mktemp("windows")
    (folder / "lists.c").write_text(PROGRAM)
    generate = [sys.executable, "front/generate.py", str(folder / "generated.h")]
    subprocess.run(generate, cwd=ROOT, check=True)
    compiler = build_hook.zig(build_hook.TARGETS["windows-x86_64"])
    command = [*compiler, f"-I{folder}", f"-I{ROOT / 'front'}", "lists.c", "-o", "lists.exe"]
    subprocess.run(command, cwd=folder, check=True)
    wine.boot(folder / "prefix")
    yield folder
    subprocess.run(["wineserver", "-k"], env=wine.environ(folder / "prefix"), check=False, timeout=60)


def ran(windows: Path, *descriptors: bytes) -> list[str]:
    """The lines that the program prints."""
    done = subprocess.run(
        ["wine", "lists.exe"], cwd=windows, env=wine.environ(windows / "prefix"), check=True, capture_output=True,
        input="".join(each.hex() + "\n" for each in descriptors).encode(), timeout=120,
    )  # fmt: skip
    return done.stdout.decode().split()


def test_the_front_says_of_each_list_what_python_says(windows: Path) -> None:
    me = bytes.fromhex(ran(windows)[0])
    lists = access_lists.of(me)
    said = ran(windows, *(found for found, _ in lists.values()))[1:]
    by_front = dict(zip(lists, said, strict=True))
    assert by_front == {name: str(int(is_closed)) for name, (_, is_closed) in lists.items()}
    assert by_front == {name: str(int(not access_list.fault(found, me))) for name, (found, _) in lists.items()}
