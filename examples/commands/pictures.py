"""Pictures of terminals, as SVG: what a person sees of some commands."""

import html
import io
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pyte

WIDTH, HEIGHT = 112, 30
Mask = Callable[[str], str]
START_URL = "https://corp.awsapps.com/start"
LOGIN = f"""\
[profile dev]
credential_process = /home/me/.local/bin/assume-helper get dev
assume_helper_sso_session = corp
assume_helper_sso_account_id = 123456789012
assume_helper_sso_role_name = Developer

[sso-session corp]
sso_start_url = {START_URL}
sso_region = eu-central-1
sso_registration_scopes = sso:account:access
"""
# The code that is shown to a person, of letters that cannot be mistaken for others.
_CODE = re.compile(r"\b[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}\b")

# One frame or another.
_SPINNER = re.compile("[\u2800-\u28ff]")


def of_profiles(home: Path, environ: dict[str, str], mask: Mask) -> dict[str, str]:
    """The pictures of commands about roles, by their names."""
    return {
        "list": picture(["list"], home, environ, mask),
        "doctor": picture(["doctor", "dev"], home, environ, mask),
        "picker": picture(["exec"], home, environ, mask, until=b"type a role's ARN"),
    }


def of_logins(folder: Path, environ: dict[str, str], mask: Mask) -> dict[str, str]:
    """The pictures of a login, and of what it leads to, at a local IAM Identity Center."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
    import identity_center

    home = folder / "corp" / "me"
    (home / ".aws").mkdir(parents=True, mode=0o700)
    (home / ".aws" / "config").write_text(LOGIN)
    with identity_center.serving(region="eu-central-1") as center:
        center.oidc.start_urls[START_URL] = "eu-central-1"
        around = environ | {"HOME": str(home)} | center.environ()

        def masked_home(text: str) -> str:
            return mask(text.replace(str(home), "/home/me"))

        def masked_code(text: str) -> str:
            return _SPINNER.sub("\u280b", _CODE.sub("WDDQ-BHFK", masked_home(text)))

        waits = b"Ctrl-C gives up"
        found = {"login": picture(["login", "dev", "--device-code"], home, around, masked_code, until=waits)}
    return found | {"sync": sync_picture(folder / "sync" / "me", environ, mask)}


def sync_picture(home: Path, environ: dict[str, str], mask: Mask) -> str:
    """`sync` on a terminal: the bar as it is on its way, then the change, the question and the summary."""
    import behaviours
    import identity_center
    from running import Home

    accounts = ("analytics", "billing", "data-lake", "network", "prod-eu", "prod-us", "sandbox", "security", "staging")
    ids = {name: f"{number * 111_111_111_111:012}" for number, name in enumerate(accounts, 1)}
    with identity_center.serving() as center:
        center.portal.accounts.clear()
        for name, account in ids.items():
            center.assign(account, "Administrator", "ReadOnly", name=name)
        around = environ | center.environ() | {"HOME": str(home)}
        center.log_in(Home(home))
        (home / ".aws" / "config").write_text(identity_center.sso_session())
        first = ["assume-helper", "sync", "corp", "--region", "eu-central-1", "--yes"]
        subprocess.run(first, env=around, cwd=home, capture_output=True, check=True)
        center.unassign(ids["sandbox"], "Administrator")
        center.assign(ids["prod-eu"], "Deployer")
        event = threading.Event()
        hold = behaviours.held(event)
        center.always(
            "ListAccountRoles",
            lambda request, proceed: (
                hold(request, proceed) if request.query["account_id"] == ids["staging"] else proceed()
            ),
        )
        screen = pyte.Screen(WIDTH, HEIGHT)
        stream = pyte.ByteStream(screen)
        child: Any = pexpect.spawn(
            "assume-helper", ["sync", "corp", "--region", "eu-central-1"], env=around, cwd=str(home),
            dimensions=(HEIGHT, WIDTH), timeout=60,
        )  # fmt: skip
        try:
            child.expect_exact(f"{len(ids) - 1}/{len(ids)}".encode())
        finally:
            event.set()
        stream.feed(child.before + child.after + b"\x1b[0m\r\n")  # the bar goes on below
        child.expect_exact(b"[y/N]: ")
        stream.feed(child.before + child.after)
        child.sendline(b"y")
        child.expect(pexpect.EOF)
        stream.feed(child.before)
    title = "assume-helper sync corp --region eu-central-1"
    return mask_svg(drawn(screen, title, lambda text: mask(text.replace(str(home), "/home/me"))))


def picture(
    arguments: list[str], home: Path, environ: dict[str, str], mask: Mask, *, until: bytes | None = None
) -> str:  # fmt: skip
    """A terminal with one command on it, as SVG: at its end, or when it shows `until`."""
    child: Any = pexpect.spawn(
        "assume-helper", arguments, env=environ, cwd=str(home), dimensions=(HEIGHT, WIDTH), timeout=60
    )
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.ByteStream(screen)
    if until is not None:
        child.expect_exact(until)
        stream.feed(child.before + child.after)
        child.close(force=True)
    else:
        child.expect(pexpect.EOF)
        stream.feed(child.before)
    return mask_svg(drawn(screen, f"assume-helper {' '.join(arguments)}", mask))


def drawn(screen: Any, title: str, mask: Mask) -> str:
    from rich._export_format import CONSOLE_SVG_FORMAT  # it has no other name
    from rich.console import Console
    from rich.text import Text

    rows = []
    for number in range(HEIGHT):
        text = Text()
        for column in range(WIDTH):
            character = screen.buffer[number][column]
            style = ("bold " if character.bold else "") + ("reverse " if character.reverse else "")
            colour = character.fg if character.fg in {"green", "yellow", "red", "cyan", "blue", "magenta"} else ""
            text.append(character.data or " ", style + ({"brown": "yellow"}.get(character.fg, colour)))
        rows.append(text)
    while rows and not rows[-1].plain.strip():
        rows.pop()
    # what is masked may be longer than what was there
    console = Console(record=True, width=WIDTH + 8, file=io.StringIO(), force_terminal=True)
    for row in rows:
        console.print(masked(row, mask), overflow="crop", no_wrap=True)
    # the fonts are the reader's own: nothing is fetched
    form = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.S)
    form = form.replace("Fira Code", "DejaVu Sans Mono, Menlo, Consolas")
    return console.export_svg(title=title, code_format=form, unique_id="assume-helper")


def masked(row: Any, mask: Mask) -> Any:
    """A row with its text masked; its styles stay where the text before them has not changed its length."""
    from rich.text import Text

    plain = mask(row.plain.rstrip())
    if plain == row.plain.rstrip():
        return row
    return Text(plain, spans=[span for span in row.spans if span.end <= len(plain)])


def mask_svg(svg: str) -> str:
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def words(svg: str) -> str:
    """The text of a picture."""
    found = " ".join(html.unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg))
    return " ".join(found.split())  # where a line is broken depends on what is masked
