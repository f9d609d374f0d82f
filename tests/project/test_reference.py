"""The reference pages are those of the code: exit codes, environment variables, keys."""

import ast
import re
from typing import get_args

from project.documents import DOCS, ROOT, code, rows

from assume_helper import errors, hit
from assume_helper.cli import app as cli
from assume_helper.logins import service
from assume_helper.profiles import settings
from assume_helper.system import environment

PACKAGE = ROOT / "assume_helper"


def page(name: str) -> str:
    return (DOCS / "reference" / f"{name}.md").read_text(encoding="utf-8")


def test_the_exit_codes_are_those_of_the_code() -> None:
    told = {int(row[0]) for row in rows(page("exit-codes"))}
    known = {0, cli.USAGE, cli.INTERRUPTED, cli.TERMINATED}
    classes: list[type[errors.AssumeHelperError]] = [errors.AssumeHelperError]
    for error in classes:
        known.add(error.exit_code)
        classes.extend(error.__subclasses__())
    assert told == known


def test_the_environment_variables_are_those_that_the_code_reads() -> None:
    text = page("environment")
    told = {name for row in rows(text) for name in code(row[0])}
    read = {"AWS_EC2_METADATA_DISABLED"}  # by botocore
    read.add("AWS_ENDPOINT_URL_IAM")  # by `keys`
    read |= {f"AWS_ENDPOINT_URL_{name.upper().replace('-', '_')}" for name in get_args(service.Name)}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                read |= set(re.findall(r"\b(?:AWS|ASSUME_HELPER)_[A-Z0-9_]*[A-Z0-9]\b", node.value))
    assert read == {name for name in told if name.startswith(("AWS_", "ASSUME_HELPER_"))}
    hidden = text.rpartition("\n\n")[2]
    assert {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_DATA_PATH"} <= set(code(hidden)) <= set(environment.HIDDEN)
    assert set(hit.WATCHED) <= told


def test_the_keys_are_those_that_are_read() -> None:
    told = {name for row in rows(page("profile-keys")) for name in code(row[0])}
    of_a_source = {"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "credential_process"}
    assert told | of_a_source == settings.KEYS | settings.PREFIXED_ONLY
