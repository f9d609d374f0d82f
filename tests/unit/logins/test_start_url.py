"""A start URL of one's own host leads to the one that AWS gave; any other is taken as it is."""

from collections.abc import Iterator
from pathlib import Path

import own_host
import pytest
from own_host import Host

from assume_helper.logins import start_url
from assume_helper.logins.start_url import Portal
from assume_helper.profiles.login import IdentityCenterLogin, LoginService

REAL = "https://d-1234567890.awsapps.com/start"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with own_host.serving(tmp_path) as found:
        yield found


def resolved(url: str, bundle: Path | None = None) -> Portal:
    where = LoginService("us-east-1", ca_bundle=None if bundle is None else str(bundle))
    return start_url.resolve(IdentityCenterLogin(url, "corp", "/nowhere.json", "", where))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_one_redirect_to_a_host_of_aws_is_followed(host: Host, status: int) -> None:
    host.answers = {"HEAD": (status, REAL)}
    assert resolved(host.url, host.bundle) == Portal(REAL, "us-east-1")
    assert host.asked == ["HEAD /start"]


def test_a_host_that_knows_no_head_is_asked_with_get(host: Host) -> None:
    host.answers = {"HEAD": (405, ""), "GET": (302, REAL)}
    assert resolved(host.url, host.bundle) == Portal(REAL, "us-east-1")
    assert host.asked == ["HEAD /start", "GET /start"]


@pytest.mark.parametrize(
    ("location", "region"),
    [
        ("https://ssoins-1234.portal.eu-west-1.app.aws", "eu-west-1"),
        ("https://identitycenter.amazonaws.com/ssoins-1234", "us-east-1"),
        ("https://start.us-gov-home.awsapps.com/directory/d-1", "us-east-1"),
        ("https://portal.sso.cn-north-1.amazonaws.com.cn/x", "cn-north-1"),
    ],
)
def test_the_region_is_taken_from_the_host_that_it_leads_to(host: Host, location: str, region: str) -> None:
    host.answers = {"HEAD": (302, location)}
    assert resolved(host.url, host.bundle) == Portal(location, region)


@pytest.mark.parametrize(
    ("status", "location"),
    [
        (200, ""),
        (404, ""),
        (500, ""),
        (302, ""),
        (302, "/other"),
        (302, "https://evil.example.com/start"),
        (302, "http://d-1234567890.awsapps.com/start"),
        (302, "https://awsapps.com.evil.example.com/start"),
        (302, "https://evilawsapps.com/start"),
        (302, "https://[bad"),
        (200, REAL),
    ],
)
def test_whatever_else_it_answers_the_start_url_is_taken_as_it_is(host: Host, status: int, location: str) -> None:
    host.answers = {"HEAD": (status, location)}
    assert resolved(host.url, host.bundle) == Portal(host.url, "us-east-1")
    assert len(host.asked) == 1


def test_a_host_that_is_not_trusted_or_not_there_leads_nowhere(host: Host) -> None:
    host.answers = {"HEAD": (302, REAL)}
    assert resolved(host.url) == Portal(host.url, "us-east-1")
    assert host.asked == []
    nowhere = "https://localhost:9/start"
    assert resolved(nowhere) == Portal(nowhere, "us-east-1")


@pytest.mark.parametrize(
    "url",
    [
        REAL,
        "https://x.awsapps.com/start",
        "https://X.AWSAPPS.COM/start",
        "https://ssoins-1.portal.us-east-1.app.aws",
        "https://start.home.awsapps.cn/directory/x",
    ],
)
def test_a_host_of_aws_is_not_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_url, "_redirect", lambda _login: pytest.fail("asked"))
    assert resolved(url) == Portal(url, "us-east-1")
