"""Logins by `assume-helper login`: a browser that does as it is told, and a person who says yes to a code."""

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import browser
from identity_center import Center, permission_set, sso_session
from json_service import Answer, Request
from running import Home

# As on a desktop: the browser that follows the pages of a login.
DESKTOP = browser.variable()


def configured(home: Home, center: Center, *, more: str = "", **keys: str) -> Home:
    """`home` with the profile `dev` of the session `corp`, whose services are local."""
    home.environ |= center.environ()
    home.config.write_text(permission_set("dev", prefix="assume_helper_") + more + sso_session(**keys))
    return home


def noting(folder: Path, code: int = 0) -> dict[str, str]:
    """A browser that only notes in `folder` which pages it was given, and ends with `code`."""
    program = f"import sys; open({str(folder / 'pages')!r}, 'a').write(sys.argv[1] + chr(10)); sys.exit({code})"
    return {"BROWSER": f"{shlex.quote(sys.executable)} -c {shlex.quote(program)} %s"}


def pages(folder: Path) -> list[str]:
    """The pages that a browser of `noting` was given."""
    found = folder / "pages"
    return found.read_text().splitlines() if found.exists() else []


def approving(center: Center, *, approved: bool = True) -> None:
    """Have the person answer each code as soon as it is shown."""

    def work(_request: Request, proceed: Callable[[], Answer]) -> Answer:
        answer = proceed()
        code = json.loads(answer.body).get("userCode")
        if code:
            center.oidc.decide(code, approved=approved)
        return answer

    center.oidc.interval = 1
    center.always("StartDeviceAuthorization", work)


def token(home: Home) -> dict[str, str]:
    """What the token file of the session `corp` says."""
    found: dict[str, str] = json.loads(token_file(home).read_text())
    return found


def token_file(home: Home) -> Path:
    return home.folder / ".aws" / "sso" / "cache" / "ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
