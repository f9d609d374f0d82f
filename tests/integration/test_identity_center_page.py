"""docs/how-to/identity-center.md, followed alone: from an empty config to `aws s3 ls` through a synced profile."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import canned
import logging_in
import pytest
from canned import Asked
from identity_center import ACCOUNT, Center
from running import Home

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "identity-center.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
BUCKETS = (
    b'<?xml version="1.0"?><ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>1</ID></Owner>'
    b"<Buckets><Bucket><Name>of-main</Name><CreationDate>2026-01-01T00:00:00Z</CreationDate></Bucket></Buckets>"
    b"</ListAllMyBucketsResult>"
)
DENIED = b"<Error><Code>InvalidAccessKeyId</Code><Message>no</Message></Error>"


def steps() -> list[tuple[str, str]]:
    """The blocks of the page before its first section: each with its language."""
    return re.findall(r"^```(ini|sh)\n(.*?)^```$", PAGE.partition("\n## ")[0], flags=re.M | re.S)


@pytest.fixture
def newcomer(home: Home, center: Center) -> Iterator[Home]:
    """Somebody without a config, whose Identity Center has the page's start URL, account and role."""

    def s3(asked: Asked) -> tuple[int, bytes]:
        """The buckets of an account, for credentials of the role that the page names."""
        found = re.search(r"Credential=(\w+)/", asked.headers.get("authorization", ""))
        token = asked.headers.get("x-amz-security-token")
        is_known = found is not None and any(
            (keys.access_key_id, keys.session_token, keys.permission_set) == (found[1], token, (ACCOUNT, "Developer"))
            for keys in center.issuer.given
        )
        return (200, BUCKETS) if is_known else (403, DENIED)

    (start_url,) = re.findall(r"^sso_start_url = (\S+)$", steps()[0][1], flags=re.M)
    center.oidc.start_urls = {start_url: center.region}
    center.portal.accounts, center.portal.assigned = {ACCOUNT: "main"}, {ACCOUNT: ["Developer"]}
    with canned.serving(s3) as local:
        home.environ |= center.environ() | logging_in.DESKTOP | {"AWS_ENDPOINT_URL_S3": local.url}
        home.environ |= {"PATH": f"{BIN}:{os.defpath}", "AWS_PAGER": "", "TERM": "dumb"}
        yield home


def test_the_page_leads_from_an_empty_config_to_a_profile_that_every_tool_uses(newcomer: Home, center: Center) -> None:
    (language, config), *commands = [(kind, text.replace("eu-central-1", center.region)) for kind, text in steps()]
    assert (language, [kind for kind, _ in commands]) == ("ini", ["sh", "sh", "sh"])
    newcomer.config.write_text(config)
    said = []
    for _, text in commands:
        # a person answers the question about the change
        line = text.strip() + (" --yes" if " sync " in text else "")
        ran = subprocess.run(
            ["/bin/sh", "-c", line], env=newcomer.environ, cwd=newcomer.folder, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, (line, ran.stderr)
        said.append(ran.stdout)
    assert said[0].startswith("sso-session corp is logged in until")
    assert "new      1" in said[1]
    assert said[2].split()[-1] == "of-main"
    assert center.calls("GetRoleCredentials") == 1
    assert center.malformed == []


@pytest.mark.parametrize("command", ["login", "logout", "sync", "console"])
def test_every_option_that_the_page_names_is_there(home: Home, command: str) -> None:
    told = home.run(command, "--help").stdout.decode()
    words = set(re.findall(rf"`assume-helper {command}[^`]*? (--[a-z-]+)", PAGE))
    assert all(word in told for word in words)
    if command == "login":
        for option in ("--device-code", "--no-browser", "--browser", "--force", "--check", "--sso-session"):
            assert option in told
            assert f"{option}" in PAGE
