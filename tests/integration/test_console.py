"""`console`: the AWS console in the browser, as each kind of profile; what cannot sign in; and no secret for others."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import browser
import canned
import identity_center as ic
import pytest
from behaviours import html, status
from federation_service import Federation, SignedIn
from front import Front, free_port, wait_for
from identity_center import Center
from json_service import Answer, Request
from kind_scenes import NAME, ROLE_ARN, Scene, document, logged, roles
from running import ACCESS_KEY_ID, SCRIPT, SECRET, Home
from strict import Role

FORM = "POST /federation"
HOME = "https://us-east-1.console.aws.amazon.com/console/home?region=us-east-1"
PORTAL = "https://x.awsapps.com/start/#/console?account_id=123456789012&role_name=ReadOnly"


@pytest.fixture
def scene(home: Home, center: Center, offline_front: Front) -> Scene:
    """A permission set, a role over it, and a role over an access key; the browser notes what it sees."""
    scene = Scene(home, center, offline_front, "permission set")
    home.config.write_text(
        scene.config() + roles(1) + f"[profile direct]\nrole_arn = {ROLE_ARN}/direct\nsource_profile = me\n"
    )
    home.credentials.write_text(f"[me]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n")
    home.environ |= browser.variable(noted(home))
    scene.sts.otherwise = Role(longest=7200)
    return scene


def of_kind(kind: str, home: Home, center: Center, front: Front) -> Scene:
    scene = Scene(home, center, front, kind)
    home.environ |= browser.variable(noted(home))
    return scene


def noted(home: Home) -> Path:
    return home.folder / "browsed"


def federation(scene: Scene) -> Federation:
    return scene.center.signin.federation


def printed(scene: Scene, *arguments: str, **environ: str) -> dict[str, str]:
    """The query of the URL that is printed, which is all that is printed."""
    ran = scene.home.run("console", *arguments, "--print", **environ)
    assert (ran.code, ran.stderr) == (0, ""), ran.stderr
    (url,) = ran.stdout.decode().splitlines()
    assert url.startswith(scene.center.server.url("signin") + "/federation?")
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}


def shown(scene: Scene, *arguments: str, **environ: str) -> dict[str, Any]:
    ran = scene.home.run("console", *arguments, "--print", "--json", **environ)
    assert (ran.code, ran.stderr) == (0, ""), ran.stderr
    return ran.document


def signed_in(scene: Scene) -> SignedIn:
    """The one console session that began; nothing was refused on the way."""
    assert federation(scene).refused == []
    (found,) = federation(scene).sign_ins
    return found


# The browser


def test_the_browser_is_signed_in(scene: Scene) -> None:
    ran = scene.home.run("console", NAME)
    assert (ran.code, ran.stdout) == (0, b""), ran.stderr
    assert ran.stderr == "assume-helper: the browser opens the console as 123456789012/ReadOnly\n"
    wait_for(lambda: bool(browser.notes(noted(scene.home))))
    assert signed_in(scene) == SignedIn("123456789012/ReadOnly", HOME, None, "assume-helper")
    (seen,) = browser.notes(noted(scene.home))
    assert seen["status"] == 200
    assert "Signed in as 123456789012/ReadOnly" in seen["page"]


def test_no_secret_is_in_any_process_s_words_or_in_the_log(scene: Scene) -> None:
    """Not the keys, and not the sign-in token either: the browser gets a link that leads to it once."""
    assert scene.home.run("console", "direct", "--duration", "3600").code == 0
    wait_for(lambda: bool(browser.notes(noted(scene.home))))
    (seen,) = browser.notes(noted(scene.home))
    (token,) = federation(scene).given
    (issued,) = scene.sts.sessions.values()
    assert seen["url"] in seen["words"]  # what `ps` shows was seen
    log = scene.home.log.read_text()
    for secret in (token, issued.credentials.secret_key, issued.credentials.token, SECRET):
        assert secret
        assert secret not in seen["words"]
        assert secret not in log
    (request,) = [request for request in scene.center.server.requests if request.operation == FORM]
    assert request.query == {}
    assert signed_in(scene).seconds == 3600
    assert [request.method for request in scene.center.server.requests if request.path == "/federation"] == [
        "POST", "GET",
    ]  # fmt: skip


def test_the_browser_s_link_is_good_once(scene: Scene) -> None:
    assert scene.home.run("console", "direct").code == 0
    wait_for(lambda: bool(browser.notes(noted(scene.home))))
    (seen,) = browser.notes(noted(scene.home))
    with pytest.raises(OSError):  # noqa: PT011 - refused: nobody listens there any more
        browser.visit(seen["url"])


def test_what_was_issued_is_logged(scene: Scene) -> None:
    printed(scene, "direct")
    (line,) = [line for line in logged(scene.home) if line["event"] == "issue"]
    assert (line["profile"], line["kind"], line["role"], line["caller"]) == ("direct", "role", "direct", "console")


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"BROWSER": ""}, "no browser is opened without a display"),
        ({"SSH_TTY": "/dev/pts/1"}, "no browser is opened over SSH (SSH_TTY is set)"),
        ({"CI": "true"}, "no browser is opened in CI (CI is set)"),
    ],
)
def test_where_no_browser_is_opened_it_says_so_before_anything_is_asked(
    scene: Scene, environ: dict[str, str], words: str
) -> None:
    scene.home.run("console", NAME, **environ).failed(1, words, "add --print")
    assert scene.center.server.requests == []
    assert printed(scene, NAME, **environ)["Action"] == "login"


@pytest.mark.parametrize("program", ["false", "/nowhere/browser %s"])
def test_a_browser_that_does_not_start_is_said(scene: Scene, program: str) -> None:
    scene.home.run("console", NAME, BROWSER=program).failed(1, "the browser could not be started", "add --print")
    scene.home.run("console", NAME, "--portal", BROWSER=program).failed(1, "the browser could not be started")


def test_a_browser_that_fails_after_it_has_asked_has_opened_the_page(scene: Scene) -> None:
    program = scene.home.folder / "program-of-browser"
    then = browser.variable(noted(scene.home))["BROWSER"].replace("%s", '"$1"')
    program.write_text(f"#!/bin/sh\n{then}\nexit 3\n")
    program.chmod(0o700)
    assert scene.home.run("console", NAME, BROWSER=f"{program} %s").code == 0
    wait_for(lambda: bool(browser.notes(noted(scene.home))))
    assert signed_in(scene).who == "123456789012/ReadOnly"


def test_a_closed_standard_output_is_said_before_anything_is_asked(scene: Scene) -> None:
    command = ["sh", "-c", 'exec "$0" "$@" >&-', SCRIPT]
    scene.home.run("console", NAME, "--print", command=command).failed(1, "standard output is closed")
    assert scene.center.server.requests == []


# The page


@pytest.mark.parametrize(
    ("arguments", "page"),
    [
        ([], HOME),
        (["--service", "s3"], "https://us-east-1.console.aws.amazon.com/s3/home?region=us-east-1"),
        (["--service", "cfn", "--region", "eu-west-1"],
         "https://eu-west-1.console.aws.amazon.com/cloudformation/home?region=eu-west-1"),
        (["--destination", "/s3/buckets/a?x=y&SigninToken=z#f"],
         "https://us-east-1.console.aws.amazon.com/s3/buckets/a?x=y&SigninToken=z#f"),
        (["--destination", "https://console.aws.amazon.com/iam/home#/roles"],
         "https://console.aws.amazon.com/iam/home#/roles"),
    ],
)  # fmt: skip
def test_the_page_that_is_asked_for_is_the_destination(scene: Scene, arguments: list[str], page: str) -> None:
    query = printed(scene, NAME, *arguments)
    assert query == {"Action": "login", "Issuer": "assume-helper", "Destination": page,
                     "SigninToken": federation(scene).given[0]}  # fmt: skip


def test_the_region_is_the_profile_s_where_the_environment_has_none(scene: Scene) -> None:
    del scene.home.environ["AWS_REGION"]
    scene.home.config.write_text(scene.config(region="ap-south-1"))
    assert "ap-south-1.console" in printed(scene, NAME)["Destination"]
    assert "eu-north-1.console" in printed(scene, NAME, AWS_REGION="eu-north-1")["Destination"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--destination", "https://evil.example.com"], "--destination is no page of the console"),
        (["--destination", "https://console.amazonaws.cn/s3"], "--destination is a page of partition aws-cn"),
        (["--destination", "s3"], "neither a URL with https:// nor a path"),
        (["--region", "us-gov-west-1"], "--region us-gov-west-1 is of partition aws-us-gov"),
        (["--service", "a/b"], "is no service's name"),
        (["--service", "s3", "--destination", "/s3"], "both name a page"),
        (["--region", "eu-west-1", "--destination", HOME], "a URL names its own region"),
        (["--duration", "899"], "900<=x<=43200"),
        (["--duration", "1h"], "not a valid integer"),
        (["--portal", "--duration", "3600"], "the access portal makes the session by itself"),
        (["--portal", "--duration-seconds", "3600"], "the access portal makes the session by itself"),
    ],
)
def test_what_names_no_page_is_exit_2_and_nothing_is_asked(scene: Scene, arguments: list[str], words: str) -> None:
    scene.home.run("console", NAME, "--print", *arguments).failed(2, words)
    assert scene.center.server.requests == []


@pytest.mark.parametrize(
    ("partition", "sign_in", "page"),
    [
        ("aws", "signin.aws.amazon.com", HOME),
        ("aws-us-gov", "signin.amazonaws-us-gov.com",
         "https://us-gov-west-1.console.amazonaws-us-gov.com/console/home?region=us-gov-west-1"),
        ("aws-cn", "signin.amazonaws.cn", "https://cn-north-1.console.amazonaws.cn/console/home?region=cn-north-1"),
        ("aws-eusc", "eusc-de-east-1.signin.amazonaws-eusc.eu",
         "https://eusc-de-east-1.console.amazonaws-eusc.eu/console/home?region=eusc-de-east-1"),
    ],
)  # fmt: skip
def test_each_partition_s_own_sign_in_is_asked(scene: Scene, partition: str, sign_in: str, page: str) -> None:
    """By a proxy that lets nobody through; then by a sign-in of one's own, with the partition's own console."""
    arn = f"arn:{partition}:iam::123456789012:role/direct"
    scene.home.config.write_text(f"[profile direct]\nrole_arn = {arn}\nsource_profile = me\n")
    own = scene.home.environ.pop("AWS_ENDPOINT_URL_SIGNIN")
    environ = {"HTTPS_PROXY": scene.front.url, "NO_PROXY": "127.0.0.1"}
    scene.home.run("console", "direct", "--print", **environ).failed(7, f"at https://{sign_in}", "through the proxy")
    connects = {call.parameters["CONNECT"] for call in scene.front.calls if "CONNECT" in call.parameters}
    assert connects == {f"{sign_in}:443"}
    assert printed(scene, "direct", AWS_ENDPOINT_URL_SIGNIN=own)["Destination"] == page


def test_a_partition_without_a_known_console_is_exit_3(scene: Scene) -> None:
    scene.home.config.write_text("[profile x]\nrole_arn = arn:aws-iso:iam::123456789012:role/x\nsource_profile = me\n")
    scene.home.run("console", "x", "--print").failed(3, "the console of partition aws-iso is not known")


# Each kind


def test_a_permission_set_takes_a_duration(scene: Scene) -> None:
    assert shown(scene, NAME, "--duration", "43200")["duration_seconds"] == 43_200
    assert scene.center.calls(FORM) == 1


def test_a_role_over_an_access_key_takes_a_duration_up_to_its_maximum(scene: Scene) -> None:
    assert shown(scene, "direct", "--duration", "7200")["duration_seconds"] == 7200
    ran = scene.home.run("console", "direct", "--duration", "7201", "--print", "--json")
    assert ran.code == 0
    assert ran.document["duration_seconds"] is None
    assert federation(scene).refused == ["SessionDuration is more than the role's maximum"]
    assert "takes no duration of 7201 s" in "".join(line.get("message", "") for line in logged(scene.home))


def test_a_role_over_another_session_takes_none_and_is_not_sent_one(scene: Scene) -> None:
    ran = scene.home.run("console", "role-0", "--duration", "3600", "--print")
    ran.failed(2, "AWS takes no --duration for a role that is assumed with the session of profile dev")
    assert scene.center.server.requests == []
    printed(scene, "role-0")
    assert federation(scene).refused == []


def test_a_role_over_an_mfa_session_takes_none_but_by_the_code_itself(scene: Scene) -> None:
    with scene.home.config.open("a") as config:
        config.write(f"[profile mfa]\nrole_arn = {ROLE_ARN}/mfa\nsource_profile = me\n"
                     "mfa_serial = arn:aws:iam::123456789012:mfa/sts-user\n")  # fmt: skip
    code = {"ASSUME_HELPER_MFA_TOKEN": scene.sts.device.code()}
    scene.home.run("console", "mfa", "--duration", "3600", "--print", **code).failed(2, "with an MFA session")
    found = shown(scene, "mfa", "--duration", "3600", "--duration-seconds", "7200", **code)
    assert found["duration_seconds"] == 3600
    assert federation(scene).refused == []


def test_a_role_s_arn_and_the_options_of_a_session_go_as_with_exec(scene: Scene) -> None:
    found = shown(scene, f"{ROLE_ARN}/x", "--source-profile", "me", "--role-session-name", "it-is-me",
                  "--duration-seconds", "1800")  # fmt: skip
    assert found["identity"] == "arn:aws:sts::123456789012:assumed-role/x/it-is-me"
    assert found["account_id"] == "123456789012"
    assert found["is_opened"] is False
    assert scene.front.assumed()[0].parameters["DurationSeconds"] == "1800"


def test_without_a_profile_it_is_the_environment_s(scene: Scene) -> None:
    assert shown(scene, AWS_PROFILE="direct")["identity"].startswith("arn:aws:sts::123456789012:assumed-role/direct/")
    scene.home.run("console", "--print").failed(2, "name a profile or a role's ARN, or set AWS_PROFILE")


def test_an_access_key_cannot_sign_in_and_nothing_is_asked(home: Home, center: Center, offline_front: Front) -> None:
    scene = of_kind("access key", home, center, offline_front)
    words = ("a user's own session cannot sign in", "a role and a permission set can", "--source-profile dev")
    scene.home.run("console", NAME, "--print").failed(3, *words)
    assert scene.front.calls == []
    assert center.server.requests == []


@pytest.mark.parametrize("who", [ic.USER, "arn:aws:sts::123456789012:assumed-role/dev/me"])
def test_a_console_login_signs_in_where_it_is_a_role_s(
    home: Home, center: Center, offline_front: Front, who: str
) -> None:
    scene = of_kind("console login", home, center, offline_front)
    scene.home.config.write_text(f"[profile dev]\nlogin_session = {who}\n")
    center.console_log_in(home, who)
    ran = scene.home.run("console", NAME, "--print")
    if who == ic.USER:
        ran.failed(6, "does not take these credentials", "if they are a user's own they cannot sign in")
    else:
        assert ran.code == 0, ran.stderr


def test_a_process_s_credentials_sign_in_where_they_are_a_role_s_or_a_federated_user_s(
    home: Home, center: Center, offline_front: Front
) -> None:
    scene = of_kind("process", home, center, offline_front)
    hour = timedelta(hours=1)
    of_role = center.issuer.issue(hour, of_role=True)
    federated = center.issuer.federate(hour)
    of_user = center.issuer.issue(hour, of_role=False)
    for keys, code in ((of_role, 0), (federated, 0), (of_user, 6)):
        scene.prints(document(keys.access_key_id, SecretAccessKey=keys.secret_access_key,
                              SessionToken=keys.session_token))  # fmt: skip
        ran = scene.home.run("console", NAME, "--print", "--duration", "3600", "--json")
        assert ran.code == code, ran.stderr
        scene.home.run("clear", "--all")
    assert federation(scene).refused[-1] == "a user's own session cannot sign in"


def test_a_process_that_gives_an_access_key_cannot(home: Home, center: Center, offline_front: Front) -> None:
    scene = of_kind("process", home, center, offline_front)
    scene.prints(document(ACCESS_KEY_ID, None))
    scene.home.run("console", NAME, "--print").failed(3, "gives an access key, and only a session can sign in")
    assert center.server.requests == []


def test_a_login_that_has_ended_is_exit_4_with_the_command(scene: Scene) -> None:
    assert scene.login is not None
    scene.login.path.unlink()
    scene.home.run("console", NAME, "--print").failed(4, "login")
    assert scene.center.calls(FORM) == 0


# The access portal


def test_the_portal_s_link_needs_no_login_and_no_service(scene: Scene) -> None:
    assert scene.login is not None
    scene.login.path.unlink()
    for more in ({}, {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}):
        ran = scene.home.run("console", NAME, "--portal", "--print", **more)
        assert (ran.code, ran.stdout.decode(), ran.stderr) == (0, f"{PORTAL}\n", "")
    assert scene.center.server.requests == []
    assert logged(scene.home) == []  # nothing was issued


def test_the_portal_s_link_leads_to_the_page_that_is_asked_for(scene: Scene) -> None:
    ran = scene.home.run("console", NAME, "--portal", "--print", "--service", "s3", "--region", "eu-west-1")
    page = "https%3A%2F%2Feu-west-1.console.aws.amazon.com%2Fs3%2Fhome%3Fregion%3Deu-west-1"
    assert ran.stdout.decode() == f"{PORTAL}&destination={page}\n"


def test_the_portal_s_link_is_opened_as_it_is(scene: Scene) -> None:
    seen = scene.home.folder / "seen"
    program = scene.home.folder / "program-of-browser"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" >{seen}\n')
    program.chmod(0o700)
    ran = scene.home.run("console", NAME, "--portal", "--json", BROWSER=f"{program} %s")
    assert ran.code == 0, ran.stderr
    assert seen.read_text() == PORTAL
    assert ran.document == {
        "url": PORTAL,
        "destination": None,
        "identity": "123456789012/ReadOnly",
        "account_id": "123456789012",
        "duration_seconds": None,
        "is_opened": True,
    }


@pytest.mark.parametrize("name", ["role-0", "direct", "me"])
def test_the_portal_is_for_a_permission_set(scene: Scene, name: str) -> None:
    scene.home.run("console", name, "--portal", "--print").failed(
        3, f"profile {name} is no permission set", "leave --portal out"
    )


# What fails


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (status(400), 6, "does not take these credentials, or takes no POST (HTTP 400)"),
        (html(405), 6, "takes no POST (HTTP 405), and the keys are sent in no URL"),
        (status(403, message="no"), 6, "does not take these credentials (HTTP 403)"),
        (html(), 7, "gave an answer that is not from the sign-in service"),
        (html(403), 7, "gave an answer that is not from the sign-in service (HTTP 403)"),
        (status(503), 7, "is out of order (HTTP 503)"),
    ],
)
def test_a_failure_is_one_line_with_nothing_on_standard_output(
    scene: Scene, answer: Any, code: int, words: str
) -> None:
    scene.center.always(FORM, answer)
    for how in ("--print", "--json"):
        scene.home.run("console", NAME, how).failed(code, words, "dev: the sign-in service at http://127.0.0.1:")
    assert browser.notes(noted(scene.home)) == []
    assert {request.method for request in scene.center.server.requests if request.path == "/federation"} == {"POST"}
    assert [line["event"] for line in logged(scene.home)] == ["failure", "failure"]


def test_a_redirect_is_not_followed_with_the_keys(scene: Scene) -> None:
    with canned.serving(lambda _asked: (200, {"SigninToken": "caught"})) as elsewhere:
        scene.center.always(FORM, lambda _request, _proceed: Answer(308, b"", {"Location": elsewhere.url}))
        scene.home.run("console", NAME, "--print").failed(7, "not from the sign-in service (HTTP 308)")
        assert elsewhere.asked == []


def test_an_echo_of_the_keys_is_not_repeated(scene: Scene) -> None:
    def echo(request: Request, _proceed: object) -> Answer:
        return Answer(400, request.body, {"Content-Type": "text/plain"})

    scene.center.always(FORM, echo)
    ran = scene.home.run("console", "direct", "--print")
    ran.failed(6, "HTTP 400")
    (issued,) = scene.sts.sessions.values()
    for secret in (issued.credentials.secret_key, issued.credentials.token):
        assert secret
        assert secret not in ran.stderr + scene.home.log.read_text()


def test_a_service_that_is_not_there_is_exit_7(scene: Scene) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    scene.home.run("console", NAME, "--print", AWS_ENDPOINT_URL_SIGNIN=url).failed(7, url, "connection was refused")
