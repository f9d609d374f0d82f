"""What people write into the two files and the environment: the message names the cause, and its advice works."""

import json
import ssl
from hashlib import sha1
from pathlib import Path

import pytest
import trustme
from canned import serving
from front import Front, error, session
from needs import needs_aws_cli
from running import ACCESS_KEY_ID, SCRIPT, SECRET, Home

ROLE = "role_arn = arn:aws:iam::123456789012:role/dev\nsource_profile = base\n"


def checks(home: Home, *arguments: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(home.run("doctor", "--json", *arguments).stdout)
    return [check for check in found if check["status"] != "ok"]


@pytest.fixture
def at_front(role: Home, offline_front: Front) -> Home:
    """A home whose environment names the front, so that every profile's STS is there."""
    offline_front.behaviour = session()
    role.environ["AWS_ENDPOINT_URL"] = offline_front.url
    return role


@pytest.mark.parametrize(
    ("line", "name", "right"),
    [
        ("[profile Foo Bar]", "Foo Bar", '[profile "Foo Bar"]'),
        ("[profile web] # see [wiki]", "web", "[profile web]"),
        ("[Profile x]", "x", "[profile x]"),
        ("[profile-y]", "profile-y", "[profile profile-y]"),
    ],
)
def test_a_section_that_is_not_read_is_named_with_its_line_and_the_mend_mends(
    at_front: Home, line: str, name: str, right: str
) -> None:
    before = at_front.config.read_text()
    at_front.config.write_text(f"{before}{line}\noutput = json\n{ROLE}")
    number = before.count("\n") + 1
    words = [f"{at_front.config}, line {number} has a section {line.strip()}", right]
    at_front.run("get", name).failed(3, f"assume-helper: {name}: ", *words)
    said = [f"{check['what']}; {check['mend']}" for check in checks(at_front)]
    assert any(all(word in text for word in words[:1]) for text in said), said
    at_front.config.write_text(f"{before}{right}\noutput = json\n{ROLE}")
    at_front.get(name)
    assert not any("has a section" in check["what"] for check in checks(at_front))


def test_a_section_of_the_credentials_file_is_named_by_its_bare_name(at_front: Home) -> None:
    before = at_front.credentials.read_text()
    at_front.credentials.write_text(f"{before}[profile x]\n{ROLE}")
    at_front.run("get", "x").failed(3, f"{at_front.credentials}, line 4 has a section [profile x]", "; name it [x]")
    at_front.credentials.write_text(f"{before}[x]\n{ROLE}")
    at_front.get("x")


def test_a_missing_bracket_is_named_and_not_the_key_behind_it(at_front: Home) -> None:
    before = at_front.config.read_text()
    at_front.config.write_text(f"{before}[profile other\n{ROLE}")
    number = before.count("\n") + 1
    at_front.run("get", "dev").failed(3, f"line {number}: ", "its closing ] is missing; add the ] to that line")
    (check, *_) = checks(at_front)
    assert f"line {number}: " in check["what"]
    at_front.config.write_text(f"{before}[profile other]\n{ROLE}")
    at_front.get("other")


@pytest.mark.parametrize("key", ["role_arn", "external_id"])
def test_an_indented_section_is_named_and_not_its_keys(at_front: Home, key: str) -> None:
    before = at_front.config.read_text()
    at_front.config.write_text(f"{before}\t[profile other]\n{key} = an-id\n")
    number = before.count("\n") + 1
    ran = at_front.run("get", "other")
    ran.failed(3, f"line {number}", "is indented" if key == "role_arn" else "indented", "remove the blanks")
    at_front.config.write_text(f"{before}[profile other]\n{key} = an-id\n{ROLE if key != 'role_arn' else ''}")
    assert "indented" not in at_front.run("get", "other").stderr


def test_a_comment_behind_a_credential_process_fails_in_doctor_and_get_says_it(at_front: Home) -> None:
    keys = ROLE.replace("role_arn", "assume_helper_role_arn").replace("source", "assume_helper_source")
    at_front.config.write_text(f"[profile dev]\ncredential_process = {SCRIPT} get dev # main\n{keys}")
    (check,) = [check for check in checks(at_front, "dev") if check["name"] == "process"]
    assert check["status"] == "fail"
    assert check["mend"] == "put the comment on a line of its own"
    # as boto3 and the AWS CLI start it
    at_front.run("get", "dev", "#", "main").failed(2, "dev: a comment follows", "put it on a line of its own")
    at_front.config.write_text(f"[profile dev]\n# main\ncredential_process = {SCRIPT} get dev\n{keys}")
    assert "process" not in [check["name"] for check in checks(at_front, "dev")]
    at_front.get("dev")


def test_a_comment_behind_a_source_s_credential_process_is_said_when_it_fails(at_front: Home) -> None:
    program = at_front.folder / "program"
    document = json.dumps({"Version": 1, "AccessKeyId": "AKIAX", "SecretAccessKey": "s"})
    program.write_text(f"#!/bin/sh\n[ $# = 0 ] || exit 9\necho '{document}'\n")
    program.chmod(0o755)
    at_front.config.write_text(
        f"[profile dev]\n{ROLE.replace('base', 'broker')}[profile broker]\ncredential_process = {program} # main\n"
    )
    at_front.run("get", "dev").failed(4, "failed (exit 9)", "put the comment behind its command on a line of its own")
    at_front.config.write_text(at_front.config.read_text().replace(" # main", ""))
    at_front.get("dev")


def test_a_bad_region_that_is_not_used_is_ignored(at_front: Home) -> None:
    hub = f"[profile hub]\n{ROLE.replace('/dev', '/hub')}region = us-east-1 # main\n"
    at_front.config.write_text(f"[profile dev]\n{ROLE.replace('base', 'hub')}{hub}")
    at_front.run("get", "dev").failed(3, "region of [hub]", "put the comment on a line of its own")
    at_front.get("dev", AWS_REGION="eu-west-1")


def test_a_blank_in_a_variable_is_shown_with_the_variable(at_front: Home) -> None:
    at_front.run("get", "dev", AWS_REGION="us-east-1 ").failed(3, 'AWS_REGION: the region "us-east-1 " is not valid')
    at_front.run("get", "dev", AWS_ENDPOINT_URL=" http://x").failed(3, 'AWS_ENDPOINT_URL: the endpoint URL " http://x"')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"[profile dev]\nassume_helper_role_anr = x\n{ROLE[ROLE.index('source') :]}", "assume_helper_role_arn"),
        (f"[profile dev]\nparent_profile = common\n[profile common]\n{ROLE}", "include_profile"),
        (f"[profile dev]\n{ROLE.replace('base', 'bsae')}", "base"),
        (f"[profile dev]\n{ROLE.replace('source_profile', 'assume_helper_source')}", "assume_helper_source_profile"),
    ],
)
def test_a_misspelling_is_reported_with_similar_names(at_front: Home, text: str, words: str) -> None:
    at_front.config.write_text(text)
    at_front.run("get", "dev").failed(3, f"did you mean {words}?")
    assert any(f"did you mean {words}?" in check["mend"] for check in checks(at_front, "dev"))


def test_a_role_in_the_credentials_file_is_not_configured_before_it_is_moved(at_front: Home) -> None:
    before = at_front.credentials.read_text()
    at_front.credentials.write_text(f"{before}[web]\n{ROLE}")
    ran = at_front.run("configure", "web", "--yes")
    assert (ran.code, ran.stdout) == (3, b"")
    assert f"move what it has to [profile web] of {at_front.config}, then run this again" in ran.stderr
    assert "web" not in at_front.config.read_text()
    assert any("move role_arn, source_profile from" in check["mend"] for check in checks(at_front, "web"))
    at_front.credentials.write_text(before)
    with at_front.config.open("a") as config:
        config.write(f"[profile web]\n{ROLE}")
    assert at_front.run("configure", "web", "--yes").code == 0
    at_front.get("web")


@pytest.mark.parametrize("where", ["profile", "environment"])
def test_a_session_token_by_its_old_name_is_sent(at_front: Home, offline_front: Front, where: str) -> None:
    if where == "profile":
        with at_front.credentials.open("a") as credentials:
            credentials.write("aws_security_token = an-old-token\n")
        at_front.get("dev")
    else:
        at_front.config.write_text(
            f"[profile dev]\n{ROLE.replace('source_profile = base', 'credential_source = Environment')}"
        )
        keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
        at_front.get("dev", **keys, AWS_SECURITY_TOKEN="an-old-token")
    assert offline_front.calls[0].session_token == "an-old-token"


def test_where_only_a_web_identity_is_in_the_environment_what_reads_it_is_named(at_front: Home) -> None:
    (at_front.folder / "token").write_text("a.web.token")
    web = {
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(at_front.folder / "token"),
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/pod",
    }
    text = f"[profile dev]\n{ROLE.replace('source_profile = base', 'credential_source = Environment')}"
    at_front.config.write_text(text)
    at_front.run("get", "dev", **web).failed(4, "use assume_helper_credential_source = WebIdentity")
    mended = text.replace("credential_source = Environment", "assume_helper_credential_source = WebIdentity")
    at_front.config.write_text(mended)
    at_front.get("dev", **web)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_file_in_another_encoding_is_named(at_front: Home, encoding: str) -> None:
    text = at_front.config.read_text() + "# gr\u00fcn\n"
    at_front.config.write_bytes(text.encode(encoding))
    at_front.run("get", "dev").failed(3, "is not UTF-8", "iconv -f ")
    assert "is not UTF-8" in checks(at_front)[0]["what"]


def test_an_indented_line_is_reported_as_part_of_the_value_before_it(at_front: Home) -> None:
    at_front.config.write_text(f"[profile dev]\noutput = json\n  {ROLE}")
    at_front.run("get", "dev").failed(3, "remove the blanks before role_arn in [dev]: they make it a part of output")
    assert any("role_arn of [dev] is indented" in check["what"] for check in checks(at_front, "dev"))


AWS = "/usr/bin/aws configure export-credentials --profile"
LOOPS = {
    # through this helper and the real AWS CLI, which each know a part of the way
    "a": f"[profile a]\n{ROLE.replace('base', 'p')}[profile p]\ncredential_process = {AWS} b\n"
    f"[profile b]\ncredential_process = {SCRIPT} get a\n",
    "one": f"[profile one]\ncredential_process = {SCRIPT} get one\nassume_helper_"
    f"{ROLE.replace('source_profile = base', 'assume_helper_source_profile = p')}"
    f"[profile p]\ncredential_process = {AWS} one\n",
    # within the AWS CLI alone
    "in": f"[profile in]\n{ROLE.replace('base', 'p')}[profile p]\ncredential_process = {AWS} c\n"
    f"[profile c]\ncredential_process = {AWS} d\n[profile d]\ncredential_process = {AWS} c\n",
    "roles": f"[profile roles]\n{ROLE.replace('base', 'p')}[profile p]\ncredential_process = {AWS} c\n"
    f"[profile c]\n{ROLE.replace('base', 'd')}[profile d]\n{ROLE.replace('base', 'c')}",
}


@needs_aws_cli
@pytest.mark.parametrize(
    ("name", "drawn"),
    [("a", "a -> p -> b -> a"), ("one", "one -> p -> one"), ("in", "c -> d -> c"), ("roles", "c -> d -> c")],
)
def test_a_loop_through_the_real_aws_cli_is_drawn_with_every_profile_in_it(
    at_front: Home, name: str, drawn: str
) -> None:
    at_front.config.write_text(LOOPS[name])
    at_front.run("get", name).failed(3, f"the sources form a loop: {drawn}; give one of these profiles")
    # the mend: one of them that the AWS CLI asks for has a key of its own
    for mended in {"b", "c"} & set(drawn.split(" -> ")):
        at_front.config.write_text(LOOPS[name].replace(f"[profile {mended}]\n", f"[profile was-{mended}]\n"))
        key = f"[{mended}]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n"
        at_front.credentials.write_text(key)
        at_front.get(name)
        at_front.run("clear", "--all")


@needs_aws_cli
def test_a_loop_that_begins_at_the_real_aws_cli_is_drawn_by_the_helper_within_it(at_front: Home) -> None:
    at_front.config.write_text(LOOPS["a"])
    ran = at_front.run(command=[*AWS.split(), "b"])
    assert ran.code != 0
    assert "assume-helper: a: the sources form a loop: b -> a -> p -> b; give one of these" in ran.stderr


@needs_aws_cli
@pytest.mark.parametrize(
    ("of_b", "code", "words"),
    [
        (None, 3, "the AWS CLI finds no profile b; correct the name in that command, or add that profile"),
        ("region = us-east-1", 4, "has no credentials; give that profile credentials"),
        ("aws_access_key_id = AKIAHALF", 4, "has half a key; add aws_secret_access_key"),
    ],
)
def test_what_the_real_aws_cli_lacks_is_named_and_no_login(
    at_front: Home, of_b: str | None, code: int, words: str
) -> None:
    text = f"[profile a]\n{ROLE.replace('base', 'p')}[profile p]\ncredential_process = {AWS} b\n"
    at_front.config.write_text(text + (f"[profile b]\n{of_b}\n" if of_b else ""))
    ran = at_front.run("get", "a")
    ran.failed(code, words)
    assert "log in" not in ran.stderr


def test_an_aws_cli_that_has_no_such_command_is_named(at_front: Home) -> None:
    aws = Path(SCRIPT).with_name("aws")
    at_front.config.write_text(
        f"[profile a]\n{ROLE.replace('base', 'p')}[profile p]\n"
        f"credential_process = {aws} configure export-credentials --profile b\n"
    )
    at_front.run("get", "a").failed(3, "its AWS CLI is version 1, which has no such command; give the absolute path")


@pytest.mark.parametrize(
    ("kind", "whom"),
    [
        ("with an explicit deny in a service control policy", "AWS organization"),
        ("because no permissions boundary allows the sts:AssumeRole action", "permissions boundary"),
        ("with an explicit deny in a session policy", "session_policy"),
    ],
)
def test_a_policy_that_denies_is_named_with_who_can_change_it(
    at_front: Home, offline_front: Front, kind: str, whom: str
) -> None:
    text = f"User: arn:aws:iam::123456789012:user/me is not authorized to perform: sts:AssumeRole on resource: x {kind}"
    offline_front.behaviour = error(403, "AccessDenied", text)
    ran = at_front.run("get", "dev")
    ran.failed(6, whom)
    assert "check the role's trust policy" not in ran.stderr


def test_an_unknown_access_key_is_reported_with_the_endpoint(at_front: Home, offline_front: Front) -> None:
    offline_front.behaviour = error(
        403, "InvalidClientTokenId", "The security token included in the request is invalid."
    )
    at_front.run("get", "dev").failed(4, f"at {offline_front.url}", "check that the key is of the AWS behind")


@pytest.mark.parametrize("holder", ["role", "login", "prefixed", "variable"])
def test_the_certificates_of_the_profile_are_those_of_the_login_s_service(
    at_front: Home, tmp_path: Path, holder: str
) -> None:
    authority = trustme.CA()
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    keys = {"accessKeyId": "ASIASSO0000000000000", "secretAccessKey": "s", "sessionToken": "t", "expiration": 4e12}
    cache = at_front.folder / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    name = sha1(b"corp", usedforsecurity=False).hexdigest()
    (cache / f"{name}.json").write_text(
        json.dumps(
            {"startUrl": "https://x", "region": "us-east-1", "accessToken": "a", "expiresAt": "2099-01-01T00:00:00Z"}
        )
    )
    line = f"{'assume_helper_' if holder == 'prefixed' else ''}ca_bundle = {bundle}\n"
    of_role, of_login = (line if holder == which else "" for which in ("role", "login"))
    of_login = of_login or (line if holder == "prefixed" else "")
    at_front.config.write_text(
        f"[profile dev]\n{ROLE.replace('base', 'login')}{of_role}"
        f"[profile login]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = r\n{of_login}"
        "[sso-session corp]\nsso_start_url = https://x\nsso_region = us-east-1\n"
    )
    environ = {"AWS_CA_BUNDLE": str(bundle)} if holder == "variable" else {}
    with serving(lambda _asked: (200, {"roleCredentials": keys}), context) as portal:
        at_front.environ["AWS_ENDPOINT_URL_SSO"] = portal.url
        at_front.get("dev", **environ)
        assert len(portal.asked) == 1


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("source_profile = base", "source_profile = profile base", "did you mean base?"),
        (
            "source_profile = base",
            "source_profile = base\u200b",
            "names profile base\\u200b, which is not there; did you",
        ),
        (
            "[profile dev]",
            "[profile\u00a0dev]",
            "a section [profile\\xa0dev], which is no profile there: a blank has to",
        ),
        ("source_profile = base", 'source_profile = "base"', "did you mean base?"),
        (
            ROLE.partition("\n")[0],
            f'role_arn = "{ROLE.partition(chr(10))[0][11:]}"',
            "; remove the quotes, which are a part",
        ),
        ("[profile dev]", "[profile dev # the old one]", "; name it [profile dev], and put what follows"),
        ("region = us-east-1", "assume_helper_session_tags = 'a=b'", ", or write double ones if the key begins with"),
        ("region = us-east-1", 'assume_helper_session_tags = "a=b', "; close the quote, or remove it"),
        (
            "region = us-east-1",
            "session_tags = a=b, c=(1)",
            "c=(1); write key=value, with commas between them: letters, digits, blanks and _.:/=+-@",
        ),
        ("region = us-east-1", "region = 'us-east-1'", "; use a name like eu-central-1, without quotes"),
        ("region = us-east-1", "ca_bundle = /nowhere.pem # ours", "; put the comment on a line of its own"),
    ],
)
def test_what_surrounds_a_name_or_a_value_is_told_to_go(at_front: Home, right: str, wrong: str, words: str) -> None:
    text = f"[profile dev]\n{ROLE}region = us-east-1\n"
    at_front.config.write_text(text.replace(right, wrong), encoding="utf-8")
    at_front.run("get", "dev").failed(3, words)
    at_front.config.write_text(text)
    at_front.get("dev")


def test_a_profile_asked_for_by_its_section_s_name_is_named(at_front: Home) -> None:
    at_front.run("get", "profile dev").failed(3, "there is no such profile in ", "; did you mean dev?")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("endpoint_url = URL", "is not indented, so that nothing reads it; put two blanks before that endpoint_url"),
        ("  endpoint_url = URL # ours", "; put the comment on a line of its own"),
    ],
)
def test_an_endpoint_of_a_services_section_that_is_not_read_is_named(
    at_front: Home, offline_front: Front, line: str, words: str
) -> None:
    del at_front.environ["AWS_ENDPOINT_URL"]
    text = f"[profile dev]\n{ROLE}region = us-east-1\nservices = ours\n[services ours]\nsts =\n"
    at_front.config.write_text(text + line.replace("URL", offline_front.url) + "\n")
    at_front.run("get", "dev").failed(3, "[services ours]", words)
    at_front.config.write_text(f"{text}  endpoint_url = {offline_front.url}\n")
    at_front.get("dev")


def test_a_region_in_capitals_is_told_as_it_is_written(at_front: Home) -> None:
    del at_front.environ["AWS_ENDPOINT_URL"]
    at_front.config.write_text(f"[profile dev]\n{ROLE}region = EU-CENTRAL-1\n")
    at_front.run("get", "dev").failed(3, "did you mean eu-central-1 or ")


@pytest.mark.parametrize(("proxy", "is_named"), [("ALL_PROXY", True), ("all_proxy", True), ("NO_PROXY", False)])
def test_a_proxy_in_a_variable_that_no_sdk_reads_is_named(at_front: Home, proxy: str, is_named: bool) -> None:
    ran = at_front.run("get", "dev", **{"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", proxy: "http://127.0.0.1:2"})
    ran.failed(7, "the connection was refused")
    assert ("SDKs do not read ALL_PROXY: set HTTPS_PROXY" in ran.stderr) is is_named


def test_a_metadata_service_that_is_not_at_its_address_is_not_slow(at_front: Home) -> None:
    at_front.config.write_text(
        f"[profile dev]\n{ROLE.replace('source_profile = base', 'credential_source = Ec2InstanceMetadata')}"
    )
    del at_front.environ["AWS_EC2_METADATA_DISABLED"]
    ran = at_front.run("get", "dev", AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:1")
    ran.failed(4, "was not reached", "; correct AWS_EC2_METADATA_SERVICE_ENDPOINT or ec2_metadata_service_endpoint")
    assert "metadata_service_timeout" not in ran.stderr


@pytest.mark.parametrize(
    ("code", "said", "words"),
    [
        ("RequestExpired", "Request has expired", "; correct this machine's clock if that is off, else try again"),
        ("ValidationError", "exceeds the MaxSessionDuration set for this role", "may not last 3600 s"),
    ],
)
def test_a_refusal_is_told_without_what_it_is_not(
    at_front: Home, offline_front: Front, code: str, said: str, words: str
) -> None:
    offline_front.behaviour = error(400, code, said)
    ran = at_front.run("get", "dev")
    assert words in ran.stderr
    assert "secret access key" not in ran.stderr
