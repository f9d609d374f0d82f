"""What the CLI has no key for: marks and limits of a session, by key or by option, each with its own cache entry."""

import json

import pytest
from front import Front, session, wait_for
from rewound import rewound
from running import Home
from started import refreshers

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}


@pytest.fixture
def home_(role: Home, offline_front: Front) -> Home:
    def numbered(call: object) -> object:
        return session(access_key_id=f"ASIA{len(offline_front.calls):016}")(offline_front.calls[-1])

    offline_front.behaviour = numbered  # type: ignore[assignment]
    return role


def sent(front: Front) -> dict[str, str]:
    """What the last call asked for, beside what every call has."""
    usual = {"Action", "Version", "RoleArn", "RoleSessionName"}
    return {name: value for name, value in front.calls[-1].parameters.items() if name not in usual}


KEYS = {
    "session_tags = team=data,env=prod\ntransitive_session_tags = team": {
        "Tags.member.1.Key": "team",
        "Tags.member.1.Value": "data",
        "Tags.member.2.Key": "env",
        "Tags.member.2.Value": "prod",
        "TransitiveTagKeys.member.1": "team",
    },
    "source_identity = me": {"SourceIdentity": "me"},
    f"session_policy = {json.dumps(POLICY)}": {"Policy": json.dumps(POLICY, separators=(",", ":"))},
    f"policy_arns = {READ_ONLY}": {"PolicyArns.member.1.arn": READ_ONLY},
    f"assume_helper_policy_arns = {READ_ONLY}": {"PolicyArns.member.1.arn": READ_ONLY},
}
OPTIONS = [
    (["--session-tag", "team=data"], {"Tags.member.1.Key": "team", "Tags.member.1.Value": "data"}),
    (["--session-policy", json.dumps(POLICY)], {"Policy": json.dumps(POLICY, separators=(",", ":"))}),
    (["--policy-arn", READ_ONLY], {"PolicyArns.member.1.arn": READ_ONLY}),
    (["--read-only"], {"PolicyArns.member.1.arn": READ_ONLY}),
    (["--duration-seconds", "900"], {"DurationSeconds": "900"}),
]


@pytest.mark.parametrize("line", KEYS)
def test_a_key_arrives_at_sts_and_makes_an_entry_of_its_own(home_: Home, offline_front: Front, line: str) -> None:
    home_.get("dev")
    with home_.config.open("a") as config:
        config.write(line + "\n")
    narrowed = home_.get("dev")
    assert sent(offline_front) == KEYS[line]
    assert home_.get("dev") == narrowed
    assert len(offline_front.calls) == 2


# Each command, with what it has behind its options.
COMMANDS = {
    "get": (),
    "exec": ("--", "/bin/true"),
    "env": ("--shell", "json"),
    "whoami": (),
    "console": ("--print",),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("arguments", "parameters"), OPTIONS)
def test_every_command_has_the_options_and_all_have_one_entry_for_each_set(
    home_: Home, offline_front: Front, command: str, arguments: list[str], parameters: dict[str, str]
) -> None:
    home_.get("dev")
    home_.run(command, "dev", *arguments, *COMMANDS[command], AWS_ENDPOINT_URL_SIGNIN="http://127.0.0.1:9")
    usual = {"Action", "Version", "RoleArn", "RoleSessionName"}
    asked = [call.parameters for call in offline_front.calls if call.action == "AssumeRole"]
    assert [{n: v for n, v in each.items() if n not in usual} for each in asked] == [{}, parameters]
    narrowed = home_.run("get", *arguments, "dev").document
    assert narrowed["AccessKeyId"] != home_.get("dev")["AccessKeyId"]
    found = home_.run("env", "dev", *arguments, "--shell", "json").document
    assert found["AWS_ACCESS_KEY_ID"] == narrowed["AccessKeyId"]
    assert len([call for call in offline_front.calls if call.action == "AssumeRole"]) == 2


@pytest.mark.parametrize("command", ["exec", "env"])
@pytest.mark.parametrize(("arguments", "parameters"), OPTIONS)
def test_a_narrowed_session_is_refreshed_narrowed(
    home_: Home, offline_front: Front, command: str, arguments: list[str], parameters: dict[str, str]
) -> None:
    home_.unmeasured()
    typed = (command, "dev", *arguments, *COMMANDS[command])
    for _ in range(2):  # remembered by the second, for a hit
        assert home_.run(*typed).code == 0
    rewound(home_)
    before = home_.run(*typed)
    assert before.code == 0
    wait_for(lambda: len(offline_front.calls) == 2)
    wait_for(lambda: not refreshers(home_))
    assert sent(offline_front) == parameters
    after = home_.run(*typed)
    assert (after.code, len(offline_front.calls)) == (0, 2)
    assert command == "exec" or after.stdout != before.stdout


def test_a_role_s_arn_takes_the_options_too(home_: Home, offline_front: Front) -> None:
    arn = "arn:aws:iam::123456789012:role/other"
    typed = ("env", arn, "--source-profile", "base", "--shell", "json", "--read-only", "--session-tag", "a=b")
    ran = home_.run(*typed, AWS_ENDPOINT_URL=offline_front.url)
    assert ran.code == 0, ran.stderr
    assert sent(offline_front) == {
        "PolicyArns.member.1.arn": READ_ONLY,
        "Tags.member.1.Key": "a",
        "Tags.member.1.Value": "b",
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_a_role_takes_no_purpose(home_: Home, offline_front: Front, command: str) -> None:
    ran = home_.run(command, "dev", "--read-only", "--purpose", "deploy", *COMMANDS[command])
    assert (ran.code, ran.stdout, offline_front.calls) == (2, b"", [])
    assert "is a role, which takes no --purpose; name the session with --role-session-name" in ran.stderr


@pytest.mark.parametrize(("arguments", "parameters"), OPTIONS)
def test_an_option_is_never_served_to_who_did_not_ask_for_it_nor_the_reverse(
    home_: Home, offline_front: Front, arguments: list[str], parameters: dict[str, str]
) -> None:
    plain = home_.get("dev")
    narrowed = home_.run("get", "dev", *arguments)
    assert (narrowed.code, narrowed.stderr) == (0, "")
    assert sent(offline_front) == parameters
    assert narrowed.document["AccessKeyId"] != plain["AccessKeyId"]
    assert home_.get("dev") == plain
    assert home_.run("get", *arguments, "dev").document == narrowed.document
    assert home_.get("dev") == plain
    assert len(offline_front.calls) == 2


def test_an_option_asked_for_first_is_not_what_the_profile_gets(home_: Home) -> None:
    narrowed = home_.run("get", "dev", "--read-only").document
    assert home_.get("dev") != narrowed


def test_a_session_name_is_filled_in(home_: Home, offline_front: Front) -> None:
    home_.run("get", "dev", "--role-session-name", "{profile}-by-{user}")
    assert offline_front.calls[-1].parameters["RoleSessionName"].startswith("dev-by-")
    home_.run("get", "dev", "--role-session-name", "{nobody}").failed(3, "{user}, {host} or {profile}")


def test_a_policy_file_that_changes_counts_on_the_very_next_call(home_: Home, offline_front: Front) -> None:
    file = home_.config.parent / "policy.json"
    file.write_text(json.dumps(POLICY))
    with home_.config.open("a") as config:
        config.write("session_policy = policy.json\n")
    home_.get("dev")
    home_.get("dev")
    assert len(offline_front.calls) == 1
    file.write_text(json.dumps(POLICY).replace("s3:Get*", "s3:Put*"))
    home_.get("dev")
    assert "s3:Put*" in sent(offline_front)["Policy"]
    file.write_text(json.dumps(POLICY))
    home_.get("dev")
    assert len(offline_front.calls) == 2
    file.unlink()
    home_.run("get", "dev").failed(3, "there is no such file")


def test_an_option_narrows_the_role_that_is_asked_for_and_not_those_before_it(
    home_: Home, offline_front: Front
) -> None:
    with home_.config.open("a") as config:
        config.write("[profile next]\nrole_arn = arn:aws:iam::123456789012:role/next\nsource_profile = dev\n")
    assert home_.run("get", "next", "--read-only", AWS_ENDPOINT_URL=offline_front.url).code == 0
    assert ["PolicyArns.member.1.arn" in call.parameters for call in offline_front.calls] == [False, True]


@pytest.mark.parametrize("option", ["--session-policy", "--policy-arn", "--session-tag", "--role-session-name"])
@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_option_is_a_usage_error_and_never_the_whole_role(home_: Home, option: str, value: str) -> None:
    """A variable of a script that was not set."""
    home_.run("get", "dev", option, value).failed(2, f"{option} is empty")
    home_.run("get", "dev", "--policy-arn", READ_ONLY, option, value).failed(2)
    assert home_.entries() == []


def test_no_key_of_a_profile_is_read_only(home_: Home, offline_front: Front) -> None:
    with home_.config.open("a") as config:
        config.write("read_only = false\n")
    home_.get("dev")
    assert sent(offline_front) == {}


@pytest.mark.parametrize("command", ["exec", "env", "whoami", "console"])
@pytest.mark.parametrize("option", ["--session-policy", "--policy-arn", "--session-tag", "--role-session-name"])
def test_an_empty_option_of_any_command_is_a_usage_error(home_: Home, command: str, option: str) -> None:
    ran = home_.run(command, "dev", option, "", *COMMANDS[command])
    assert (ran.code, ran.stdout, home_.entries()) == (2, b"", [])
    assert f"{option} is empty" in ran.stderr


def test_a_role_s_session_of_less_than_900_s_is_a_usage_error(home_: Home, offline_front: Front) -> None:
    home_.run("get", "dev", "--duration-seconds", "899").failed(2, "dev: --duration-seconds is 899", "give 900 or more")
    assert offline_front.calls == []


@pytest.mark.parametrize(
    "arguments", [["--duration-seconds", "0"], ["--duration-seconds", "soon"], ["--session-tag", "a=b,c=d"]]
)
def test_an_option_that_cannot_be_is_a_usage_error(home_: Home, arguments: list[str]) -> None:
    home_.run("get", "dev", *arguments).failed(2, "assume-helper get --help")


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--session-tag", "team", "--session-tag has team; write key=value"),
        ("--policy-arn", "ReadOnlyAccess", "--policy-arn has ReadOnlyAccess, which is not the ARN of a policy"),
        ("--session-policy", "gone.json", "gone.json: there is no such file"),
        ("--session-policy", "{", "--session-policy is not JSON (line 1)"),
        ("--role-session-name", "a b", "--role-session-name is not one that STS takes"),
    ],
)
def test_what_sts_would_refuse_is_named_by_the_option_that_has_it(
    home_: Home, offline_front: Front, option: str, value: str, words: str
) -> None:
    ran = home_.run("get", "dev", option, value)
    ran.failed(3, f"assume-helper: dev: {option} ", words)
    assert offline_front.calls == []


def test_a_profile_includes_another_s_settings_and_not_its_credentials(home_: Home, offline_front: Front) -> None:
    with home_.config.open("a") as config:
        config.write("external_id = tenant\nduration_seconds = 1800\naws_access_key_id = AKIANOTMINE000000000\n")
        config.write("aws_secret_access_key = x\n[profile mine]\ninclude_profile = dev\nduration_seconds = 900\n")
    home_.get("mine")
    assert sent(offline_front) == {"ExternalId": "tenant", "DurationSeconds": "900"}
    assert offline_front.calls[-1].access_key_id == "AKIACANARY0123456789"


def test_an_include_that_leads_back_is_drawn(home_: Home) -> None:
    with home_.config.open("a") as config:
        config.write("[profile a]\ninclude_profile = b\n[profile b]\ninclude_profile = a\n")
        config.write("[profile c]\ninclude_profile = gone\n")
    home_.run("get", "a").failed(3, "include_profile forms a loop: a -> b -> a")
    home_.run("get", "c").failed(3, "[c] includes profile gone, which is not there")


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, "sts-fips.us-east-1.amazonaws.com:443"),
        ({"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "sts.us-east-1.api.aws:443"),
        ("use_fips_endpoint = true\n", "sts-fips.us-east-1.amazonaws.com:443"),
        ("use_dualstack_endpoint = TRUE\n", "sts.us-east-1.api.aws:443"),
        ("use_fips_endpoint = false\n", "sts.us-east-1.amazonaws.com:443"),
        ("sts_regional_endpoints = regional\n", "sts.us-east-1.amazonaws.com:443"),
        ("sts_regional_endpoints = legacy\n", "sts.amazonaws.com:443"),
    ],
)
def test_the_kind_of_endpoint_is_the_one_that_is_asked_for(
    role: Home, offline_front: Front, settings: dict[str, str] | str, host: str
) -> None:
    text = role.config.read_text().partition("endpoint_url")[0]
    role.config.write_text(text + (settings if isinstance(settings, str) else ""))
    environ = settings if isinstance(settings, dict) else {}
    role.run("get", "dev", HTTPS_PROXY=offline_front.url, **environ).failed(7, "proxy")
    assert {call.parameters["CONNECT"] for call in offline_front.calls} == {host}


def test_a_switch_that_is_neither_is_named(role: Home) -> None:
    role.run("get", "dev", AWS_USE_FIPS_ENDPOINT="maybe").failed(3, "dev: AWS_USE_FIPS_ENDPOINT is maybe")
    old = {"AWS_STS_REGIONAL_ENDPOINTS": "global"}
    role.run("get", "dev", **old).failed(3, "dev: AWS_STS_REGIONAL_ENDPOINTS is global", "use regional or legacy")
    with role.config.open("a") as config:
        config.write("use_fips_endpoint = maybe\n")
    role.run("get", "dev").failed(3, "use_fips_endpoint of [dev] is maybe")


def test_clear_forgets_what_options_have_narrowed(home_: Home) -> None:
    for arguments, _ in OPTIONS:
        assert home_.run("get", "dev", *arguments).code == 0
    assert home_.run("get", "dev", "--role-session-name", "me").code == 0
    assert len(home_.entries()) == len(OPTIONS), "two of them ask for the same"
    assert home_.run("clear", "dev").code == 0
    assert home_.entries() == []


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        (f"policy_arns = {READ_ONLY}", ["--session-policy", json.dumps(POLICY)]),
        (f"session_policy = {json.dumps(POLICY)}", ["--policy-arn", READ_ONLY]),
        (f"policy_arns = {READ_ONLY}", ["--read-only"]),
        (f"session_policy = {json.dumps(POLICY)}", ["--read-only"]),
    ],
)
def test_an_option_and_a_key_whose_policies_would_add_up_are_refused(
    home_: Home, offline_front: Front, line: str, arguments: list[str]
) -> None:
    """A session may do what either of its policies allows: more than the option says."""
    with home_.config.open("a") as config:
        config.write(line + "\n")
    key = line.partition(" ")[0]
    home_.run("get", "dev", *arguments).failed(3, key, arguments[0])
    assert offline_front.calls == []


def test_options_may_stand_in_for_both_of_the_profile_s_policies(home_: Home, offline_front: Front) -> None:
    with home_.config.open("a") as config:
        config.write(f"policy_arns = {READ_ONLY}\n")
    other = "arn:aws:iam::aws:policy/SecurityAudit"
    assert home_.run("get", "dev", "--policy-arn", other).code == 0
    assert sent(offline_front) == {"PolicyArns.member.1.arn": other}
    policy = json.dumps(POLICY, separators=(",", ":"))
    assert home_.run("get", "dev", "--policy-arn", other, "--session-policy", policy).code == 0
    assert sent(offline_front) == {"PolicyArns.member.1.arn": other, "Policy": policy}
