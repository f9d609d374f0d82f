"""`login`: a browser where one can be opened, else a code; nothing at all where the login is good."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import own_host
import pytest
from behaviours import html, status
from identity_center import REGION, SESSION, START_URL, Center, permission_set, sso_session
from logging_in import DESKTOP, approving, configured, noting, pages, token, token_file
from other_tools import sdk_token
from running import LIKE_ANY_USER, SCRIPT, Home, warned

OPERATIONS = ("RegisterClient", "StartDeviceAuthorization", "CreateToken", "/authorize", "GetRoleCredentials")
OTHER = "https://other.awsapps.com/start"


@pytest.fixture
def somebody(home: Home, center: Center) -> Home:
    return configured(home, center)


def asked(center: Center) -> dict[str, int]:
    """How often each operation was called, without those that were not."""
    return {name: calls for name in OPERATIONS if (calls := center.calls(name))}


def test_a_browser_logs_in_and_the_profile_is_served(somebody: Home, center: Center) -> None:
    ran = somebody.run("login", "dev", **DESKTOP)
    assert ran.code == 0, ran.stderr
    assert ran.stdout.startswith(b"sso-session corp is logged in until ")
    assert "renewed by itself" in ran.stdout.decode()
    assert "Your browser opens this page" in ran.stderr
    assert asked(center) == {"RegisterClient": 1, "CreateToken": 1, "/authorize": 1}
    assert somebody.get("dev")["AccessKeyId"].startswith("ASIA")
    assert center.malformed == []


def test_the_token_is_where_the_aws_cli_keeps_it_and_in_its_form(somebody: Home, center: Center) -> None:
    assert somebody.run("login", "--sso-session", SESSION, **DESKTOP).code == 0
    found = token(somebody)
    assert list(found) == ["startUrl", "region", "accessToken", "expiresAt", "clientId", "clientSecret",
                           "registrationExpiresAt", "refreshToken"]  # fmt: skip
    assert (found["startUrl"], found["region"]) == (START_URL, REGION)
    assert time.strptime(found["expiresAt"], "%Y-%m-%dT%H:%M:%SZ")
    assert token_file(somebody).stat().st_mode & 0o777 == 0o600
    assert token_file(somebody).parent.stat().st_mode & 0o777 == 0o700


def test_an_sdk_uses_and_renews_the_login(somebody: Home, center: Center) -> None:
    somebody.config.write_text(somebody.config.read_text() + permission_set("sdk"))
    center.oidc.token_seconds = 600
    assert somebody.run("login", "dev", **DESKTOP).code == 0
    before = token(somebody)
    ran = sdk_token(somebody)
    assert ran.returncode == 0, ran.stderr
    assert token(somebody)["accessToken"] == ran.stdout.strip() != before["accessToken"]
    assert token(somebody)["refreshToken"] != before["refreshToken"]


def test_fields_of_others_in_the_token_file_stay(somebody: Home, center: Center) -> None:
    center.log_in(somebody, expires=-60, omit=["refreshToken"]).change(tool="another")
    assert somebody.run("login", "dev", **DESKTOP).code == 0
    assert token(somebody)["tool"] == "another"
    assert "refreshToken" in token(somebody)


def test_a_good_login_sends_nothing_and_opens_nothing(somebody: Home, center: Center, tmp_path: Path) -> None:
    center.log_in(somebody)
    for arguments in (["dev"], ["--sso-session", SESSION], ["dev", "--device-code"], ["dev", "--no-browser"]):
        ran = somebody.run("login", *arguments, **noting(tmp_path))
        assert (ran.code, ran.stderr) == (0, ""), ran
    assert asked(center) == {}
    assert pages(tmp_path) == []


@pytest.mark.parametrize("left", [600, -60])
def test_one_that_only_needs_its_refresh_token_is_renewed_without_a_browser(
    somebody: Home, center: Center, tmp_path: Path, left: int
) -> None:
    center.log_in(somebody, expires=left)
    ran = somebody.run("login", "dev", **noting(tmp_path))
    assert (ran.code, ran.stderr) == (0, ""), ran
    assert asked(center) == {"CreateToken": 1}
    assert pages(tmp_path) == []


def test_one_whose_refresh_token_is_refused_is_logged_in_to_anew(somebody: Home, center: Center) -> None:
    center.end(center.log_in(somebody, expires=-60))
    ran = somebody.run("login", "dev", **DESKTOP)
    assert ran.code == 0, ran.stderr
    assert center.calls("/authorize") == 1
    assert somebody.get("dev")


def test_one_that_cannot_be_reached_to_renew_it_opens_nothing(somebody: Home, center: Center, tmp_path: Path) -> None:
    center.log_in(somebody, expires=-60)
    center.always("CreateToken", status(503, "InternalServerException"))
    somebody.run("login", "dev", **noting(tmp_path)).failed(7, "Identity Center")
    assert pages(tmp_path) == []


def test_force_logs_in_anew_and_is_another_login(somebody: Home, center: Center) -> None:
    center.log_in(somebody)
    first = somebody.get("dev")
    ran = somebody.run("login", "dev", "--force", "--json", **DESKTOP)
    found = json.loads(ran.stdout)
    assert (found["login"], found["logged_in_now"], found["is_renewed"]) == ("sso-session corp", True, True)
    assert 3000 < found["seconds_left"] <= 3600
    assert somebody.get("dev") != first


@pytest.mark.parametrize(
    ("expires", "omit", "code"),
    [
        (3600, (), 0),
        (600, (), 0),
        (-60, (), 0),
        (600, ("refreshToken",), 0),
        (-60, ("refreshToken",), 4),
        (None, (), 4),
    ],
)
def test_check_only_says_by_its_exit_code_whether_a_login_is_needed(
    somebody: Home, center: Center, expires: int | None, omit: tuple[str, ...], code: int
) -> None:
    if expires is not None:
        center.log_in(somebody, expires=expires, omit=omit)
    for arguments in (["dev"], ["--sso-session", SESSION]):
        ran = somebody.run("login", "--check", *arguments, **DESKTOP)
        assert (ran.code, ran.stdout, ran.stderr) == (code, b"", "")
    assert asked(center) == {}


@pytest.mark.parametrize(
    ("arguments", "keys", "environ", "why"),
    [
        (["--device-code"], {}, DESKTOP, "Open this page in a browser, on any machine"),
        (["--no-browser"], {}, DESKTOP, "Open this page in a browser, on any machine"),
        (["--device-code", "--no-browser"], {}, DESKTOP, "Open this page in a browser, on any machine"),
        ([], {"assume_helper_login": "device"}, DESKTOP, "Open this page in a browser, on any machine"),
        ([], {}, DESKTOP | {"SSH_CONNECTION": "1 2 3 4"}, "No browser is opened over SSH (SSH_CONNECTION is set)"),
        ([], {}, DESKTOP | {"SSH_TTY": "/dev/pts/0"}, "No browser is opened over SSH (SSH_TTY is set)"),
        ([], {}, DESKTOP | {"CI": "true"}, "No browser is opened in CI (CI is set)"),
        ([], {}, DESKTOP | {"CODESPACES": "true"}, "No browser is opened in a codespace"),
        ([], {}, {}, "No browser is opened without a display"),
    ],
)
def test_a_code_is_shown_where_no_browser_is_opened(
    somebody: Home, center: Center, arguments: list[str], keys: dict[str, str], environ: dict[str, str], why: str
) -> None:
    configured(somebody, center, **keys)
    approving(center)
    ran = somebody.run("login", "dev", *arguments, **environ)
    assert ran.code == 0, ran.stderr
    assert why in ran.stderr
    (code,) = (line.partition("code: ")[2] for line in ran.stderr.splitlines() if "code: " in line)
    assert f"https://x.awsapps.com/start/#/device?user_code={code}\n" in ran.stderr
    assert asked(center) == {"RegisterClient": 1, "StartDeviceAuthorization": 1, "CreateToken": 1}
    assert token(somebody)["refreshToken"]
    assert somebody.get("dev")


def test_the_profile_may_say_that_a_code_is_shown(somebody: Home, center: Center) -> None:
    configured(somebody, center, more="assume_helper_login = device\n")
    approving(center)
    assert somebody.run("login", "dev", **DESKTOP).code == 0
    assert center.calls("StartDeviceAuthorization") == 1


@pytest.mark.parametrize("environ", [{"SSH_TTY": "x"}, {"CI": "true"}])
def test_a_browser_is_opened_all_the_same_when_it_is_asked_for(
    somebody: Home, center: Center, environ: dict[str, str]
) -> None:
    assert somebody.run("login", "dev", "--browser", **DESKTOP, **environ).code == 0
    assert center.calls("/authorize") == 1


def test_with_browser_the_page_of_a_code_is_opened_too(somebody: Home, center: Center, tmp_path: Path) -> None:
    approving(center)
    ran = somebody.run("login", "dev", "--device-code", "--browser", **noting(tmp_path))
    assert ran.code == 0, ran.stderr
    assert [page.partition("?")[0] for page in pages(tmp_path)] == ["https://x.awsapps.com/start/#/device"]


def test_a_login_of_the_older_form_is_always_by_code(somebody: Home, center: Center, tmp_path: Path) -> None:
    somebody.config.write_text(permission_set("old", session_name=None))
    approving(center)
    ran = somebody.run("login", "old", **noting(tmp_path))
    assert ran.code == 0, ran.stderr
    assert len(pages(tmp_path)) == 1
    assert somebody.get("old")
    assert somebody.run("login", "old", "--force", "--no-browser", **noting(tmp_path)).code == 0
    assert len(pages(tmp_path)) == 1
    assert center.calls("RegisterClient") == 1
    assert center.malformed == []


def test_a_registration_that_identity_center_has_forgotten_is_made_anew(somebody: Home, center: Center) -> None:
    approving(center)
    assert somebody.run("login", "dev", "--device-code").code == 0
    center.oidc.clients.clear()
    ran = somebody.run("login", "dev", "--device-code", "--force")
    assert ran.code == 0, ran.stderr
    assert center.calls("RegisterClient") == 2


def test_a_start_url_of_ones_own_host_is_kept_and_the_one_behind_it_is_used(
    somebody: Home, center: Center, tmp_path: Path
) -> None:
    with own_host.serving(tmp_path) as host:
        host.answers = {"HEAD": (302, START_URL)}
        more = f"ca_bundle = {host.bundle}\n"
        configured(somebody, center, more=more, start_url=host.url)
        ran = somebody.run("login", "dev", **DESKTOP)
        assert ran.code == 0, ran.stderr
        assert token(somebody)["startUrl"] == host.url
        assert [client.issuer_url for client in center.oidc.clients.values()] == [START_URL]
        approving(center)
        assert somebody.run("login", "dev", "--force", "--device-code").code == 0
    assert somebody.get("dev")


@pytest.mark.parametrize(
    ("arguments", "text", "code", "words"),
    [
        (["--sso-session", "crop"], "", 3, "there is no [sso-session crop]"),
        (["nobody"], "", 3, "there is no such profile"),
        (
            ["plain"],
            "[profile plain]\naws_access_key_id = AKIAX\naws_secret_access_key = x\n",
            3,
            "begins with no login",
        ),
        (["dev"], sso_session(start_url="corp"), 3, "no start URL: corp"),
        (
            ["--sso-session", "odd"],
            "[sso-session odd]\nsso_start_url = x\nsso_region = us-east-1\n",
            3,
            "no start URL: x",
        ),
        (["--sso-session", "odd"], "[sso-session odd]\nsso_start_url = " + OTHER + "\n", 3, "has no sso_region"),
        (["dev"], sso_session(start_url=OTHER), 3, f"does not know the start URL of sso-session corp: {OTHER}"),
        ([], "", 2, "name a profile"),
        ([""], "", 2, "empty"),
        (["dev", "--sso-session", SESSION], "", 2, "not both"),
        (["dev", "--check", "--force"], "", 2, "--check goes with"),
    ],
)
def test_bad_input_is_one_line_and_an_exit_code(
    somebody: Home, arguments: list[str], text: str, code: int, words: str
) -> None:
    if "[sso-session corp]" in text:
        somebody.config.write_text(permission_set("dev", prefix="assume_helper_") + text)
    else:
        somebody.config.write_text(somebody.config.read_text() + text)
    somebody.run("login", *arguments, **DESKTOP).failed(code, words)
    assert not token_file(somebody).exists()


def failed(home: Home, *arguments: str, code: int, words: str, **environ: str) -> None:
    """A login that ends with `code`, and whose last line has `words`; nothing is left half written."""
    ran = home.run("login", "dev", *arguments, **environ)
    assert (ran.code, ran.stdout) == (code, b""), ran
    line = ran.stderr.splitlines()[-1]
    assert line.startswith("assume-helper: dev: ")
    assert words in line
    assert "; " in line
    assert not token_file(home).exists()
    assert not list(token_file(home).parent.glob("*tmp*"))


def test_a_browser_that_cannot_be_started_ends_it_and_names_the_other_way(somebody: Home, tmp_path: Path) -> None:
    words = (
        "no browser could be started for the login of sso-session corp; correct BROWSER, or run: assume-helper login"
    )
    failed(somebody, code=4, words=words, BROWSER=str(tmp_path / "not-there"))
    failed(somebody, code=4, words="--device-code", **noting(tmp_path, code=3))


def test_a_person_who_says_no_ends_it_at_once(somebody: Home, center: Center) -> None:
    center.oidc.approves = False
    failed(somebody, code=4, words="was denied in the browser", **DESKTOP)
    approving(center, approved=False)
    failed(somebody, "--device-code", code=4, words="was denied in the browser")
    assert center.calls("CreateToken") == 1


def test_a_code_that_nobody_confirms_ends_when_it_is_over(somebody: Home, center: Center) -> None:
    center.oidc.interval, center.oidc.device_seconds = 1, 2
    failed(somebody, "--device-code", code=4, words="nobody has confirmed the code for sso-session corp in time")


@pytest.mark.parametrize("operation", ["RegisterClient", "CreateToken"])
def test_what_the_service_answers_otherwise_is_not_taken_for_a_login(
    somebody: Home, center: Center, operation: str
) -> None:
    for behaviour, code, words in (
        (html(), 7, "Identity Center"),
        (status(429, "TooManyRequestsException"), 7, "throttles"),
        (status(500, "InternalServerException"), 7, "out of order"),
        (status(400, "InvalidGrantException", error="invalid_grant"), 4, "InvalidGrantException"),
    ):
        center.once(operation, behaviour)
        failed(somebody, code=code, words=words, **DESKTOP)


def test_a_service_that_cannot_be_reached_is_exit_7(somebody: Home) -> None:
    failed(somebody, code=7, words="Identity Center", **DESKTOP, AWS_ENDPOINT_URL_SSO_OIDC="http://127.0.0.1:9")


@pytest.mark.skipif(not LIKE_ANY_USER, reason="only root has to be kept from writing everywhere")
def test_a_folder_that_cannot_be_written_is_told_before_a_browser_is_opened(somebody: Home, tmp_path: Path) -> None:
    folder = token_file(somebody).parent
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    ran = somebody.run("login", "dev", command=(*LIKE_ANY_USER, SCRIPT), **noting(tmp_path))
    ran.failed(4, "nobody can log in to sso-session corp here", "cannot be written")
    assert pages(tmp_path) == []


def test_a_full_disk_leaves_the_old_token_whole(somebody: Home, center: Center) -> None:
    file = center.log_in(somebody, expires=-60, omit=["refreshToken"])
    before = file.path.read_bytes()
    somebody.unmeasured()  # coverage writes a file too
    ran = somebody.run("login", "dev", command=("prlimit", "--fsize=0", SCRIPT), **DESKTOP)
    assert ran.code == 4, ran.stderr
    assert "cannot be kept" in ran.stderr.splitlines()[-1]
    assert file.path.read_bytes() == before


def test_no_secret_of_a_login_is_printed(somebody: Home, center: Center) -> None:
    ran = somebody.run("login", "dev", **DESKTOP)
    found = token(somebody)
    logged = somebody.log.read_text() if somebody.log.exists() else ""
    for secret in (found["accessToken"], found["refreshToken"], found["clientSecret"], "code_verifier"):
        assert secret not in ran.stderr + ran.stdout.decode() + logged


def test_whoever_else_logs_in_does_not_get_the_sessions_from_before(somebody: Home, center: Center) -> None:
    center.log_in(somebody)
    first = somebody.get("dev")
    assert somebody.run("login", "dev", "--force", **DESKTOP).code == 0
    assert somebody.get("dev")["AccessKeyId"] != first["AccessKeyId"]


@pytest.mark.parametrize("hours", [2, -2])
def test_a_clock_that_is_off_is_told_and_the_login_is_good(somebody: Home, center: Center, hours: int) -> None:
    center.server.date = lambda: datetime.now(UTC) - timedelta(hours=1.25 * hours)  # 2 h 30 min
    ran = somebody.run("login", "dev", **DESKTOP)
    assert ran.code == 0, ran.stderr
    where = "ahead of" if hours > 0 else "behind"
    assert re.search(rf"this machine's clock is 2 h \d+ min {where} Identity Center's", warned(somebody))
    assert somebody.run("login", "dev", "--check").code == 0


@pytest.mark.parametrize("ahead", [60, 86_400])
def test_a_failure_that_a_clock_ahead_has_noted_keeps_nobody_from_logging_in(
    somebody: Home, tmp_path: Path, ahead: int
) -> None:
    failed(somebody, code=4, words="no browser could be started", **noting(tmp_path, code=3))
    record = token_file(somebody).with_suffix(".assume-helper")
    noted = json.loads(record.read_text())
    record.write_text(json.dumps(noted | {"login_failed_at": noted["login_failed_at"] + ahead}))
    assert somebody.run("login", "dev", **DESKTOP).code == 0


@pytest.mark.parametrize("fields", [{"region": "eu-west-1"}, {"startUrl": OTHER}])
def test_a_token_of_another_region_or_start_url_is_no_login(
    somebody: Home, center: Center, fields: dict[str, str]
) -> None:
    center.log_in(somebody).change(**fields)
    assert somebody.run("login", "dev", "--check").code == 4
    ran = somebody.run("login", "dev", **DESKTOP)
    assert ran.code == 0, ran.stderr
    assert center.calls("/authorize") == 1
    assert somebody.get("dev")


def test_after_a_change_of_the_start_url_nothing_is_served_with_the_former_login(
    somebody: Home, center: Center
) -> None:
    center.log_in(somebody)
    assert somebody.get("dev")
    configured(somebody, center, start_url=OTHER)
    somebody.run("get", "dev").failed(4, "sso-session corp is not logged in")
    configured(somebody, center, start_url=f"{START_URL}/")
    assert somebody.get("dev")


def test_what_a_killed_process_left_of_the_token_goes(somebody: Home, center: Center) -> None:
    center.log_in(somebody)
    left = token_file(somebody).with_name(f"{token_file(somebody).name}.12345.assume-helper-tmp")
    for arguments in (["login", "dev", "--force"], ["logout", "dev"], ["logout", "dev"]):
        left.write_text("secret")
        assert somebody.run(*arguments, **DESKTOP).code == 0
        assert not left.exists()
