"""A session policy: what STS takes is let through, the rest is named before it is asked."""

import json
import os
from pathlib import Path

import pytest

from assume_helper.errors import ConfigurationError
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.session_policy import SessionPolicy
from assume_helper.profiles.settings import ProfileSettings

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def read(value: str, folder: str = "/nowhere") -> SessionPolicy:
    config = AwsConfig(f"{folder}/config", "/c", {"dev": {"session_policy": value}}, {}, {}, {})
    found = ProfileSettings(merge(config, "dev")).session_policy
    assert found is not None
    return found


def refused(value: str, folder: str = "/nowhere") -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(value, folder)
    return str(caught.value)


@pytest.mark.parametrize("text", [json.dumps(POLICY, indent=2), "\n" + json.dumps(POLICY, indent="\t")])
def test_a_policy_may_be_written_in_the_profile_over_many_lines(text: str) -> None:
    assert read(text) == SessionPolicy(json.dumps(POLICY, separators=(",", ":")))


@pytest.mark.parametrize("path", ["policy.json", os.path.join("{folder}", "policy.json")])
def test_a_policy_may_be_in_a_file_beside_the_config_or_anywhere(tmp_path: Path, path: str) -> None:
    (tmp_path / "policy.json").write_text(json.dumps(POLICY, indent=2))
    found = read(path.format(folder=tmp_path), str(tmp_path))
    assert found.text == json.dumps(POLICY, separators=(",", ":"))
    assert found.file is not None
    assert found.file[0] == f"file {tmp_path / 'policy.json'}"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("{", "is not JSON (line 1)"),
        ("{}", "has no Statement"),
        ('{"Statement": "x"}', "has no Statement"),
        ("[" * 100_000, "there is no such file"),
        ('{"a":' * 100_000, "is not JSON"),
        ('{"Statement": [NaN]}', "is not JSON"),
        ("gone.json", "there is no such file"),
        ("/", "it is no file"),
        ('{"Statement": ["' + "x" * 2048 + '"]}', "STS takes 2048"),
        ('{"Statement": ["\x1b"]}', "control character"),
        ('{"Statement": [-Infinity]}', "is not JSON"),
        ('{"Statement": [1e999]}', "is not JSON"),
        ('{"Statement": ' + "[" * 900 + "]" * 900 + "}", "is nested too deeply"),
    ],
)
def test_a_policy_that_sts_would_refuse_is_refused_before(value: str, words: str) -> None:
    assert words in refused(value)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("\u6771", r"\u6771"),
        ("\U0001f600", r"\ud83d\ude00"),
        (r"\ud800", r"\ud800"),
        ("\xfc", "\xfc"),
        (r"\u0001", r"\u0001"),
    ],
)
def test_a_policy_s_characters_are_written_as_sts_takes_them(written: str, sent: str) -> None:
    """Its pattern for a policy ends with U+00FF; JSON has escapes for the rest."""
    text = json.dumps(POLICY, separators=(",", ":"))
    assert read(text.replace("s3:", written)).text == text.replace("s3:", sent)


def test_a_policy_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(b"\xff\xfe")
    assert "it is not UTF-8" in refused("p", str(tmp_path))
