"""What a person's browser does with the page of a login: it opens the page, and goes where that sends it.

As a program (`BROWSER`, see `variable`) it does so for a command that opens a browser. Nothing but 127.0.0.1 is opened.
"""

import http.client
import json
import shlex
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


def visit(url: str) -> str:
    """Open the page of a login, the person's answer given: where it sends the browser. That is not opened.

    Raises AssertionError where the page is an error, and leads nowhere.
    """
    status, location, page = _opened(url)
    assert status == 302, f"{status} {page}"
    return location


def follow(url: str) -> tuple[int, str]:
    """Open the page of a login, and what it leads to: the status and the page of whoever waits there."""
    status, _, page = _opened(visit(url))
    return status, page


def sent_back(location: str) -> dict[str, str]:
    """What a redirect tells the one who waits for it."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def variable(noted: Path | None = None) -> dict[str, str]:
    """The variable that has Python's `webbrowser`, and so the helper and the AWS CLI, open pages with this program.

    What it saw is `noted` (see `notes`).
    """
    more = "" if noted is None else f" {shlex.quote(str(noted))}"
    return {"BROWSER": f"{shlex.quote(sys.executable)} {shlex.quote(__file__)} %s{more}"}


def notes(noted: Path) -> list[dict[str, Any]]:
    """What each browser saw: its `url`, the `status` and `page` that this led to, and the `words` of all processes."""
    return [json.loads(line) for line in noted.read_text().splitlines()] if noted.exists() else []


def _words() -> str:
    """The arguments of every process that can be seen here, as `ps` shows them to everybody."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().decode("utf-8", "replace").replace("\0", " "))
        except OSError:
            continue  # it has ended
    return "\n".join(found)


def _opened(url: str) -> tuple[int, str, str]:
    split = urlsplit(url)
    assert (split.scheme, split.hostname) == ("http", "127.0.0.1"), url
    connection = http.client.HTTPConnection(split.netloc, timeout=60)
    try:
        connection.request("GET", f"{split.path}?{split.query}")
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", ""), answer.read().decode()
    finally:
        connection.close()


if __name__ == "__main__":
    told = {"url": sys.argv[1], "words": _words()}
    status, page = follow(sys.argv[1])
    if len(sys.argv) > 2:
        with open(sys.argv[2], "a", encoding="utf-8") as file:
            file.write(json.dumps(told | {"status": status, "page": page}) + "\n")
