"""The AWS CLI's own login with a code at the local Identity Center, and the helper with the files that it leaves."""

import json
import subprocess
from typing import Any

import pytest
from front import Front
from identity_center import SESSION, START_URL, Center, permission_set, sso_session
from needs import needs_aws_cli
from running import Home

# What `aws sso login` runs, with the endpoint that the CLI of that version has no variable for. It prints the code, and
# goes on when the person has answered: a line on its standard input.
LOGIN = """
import json, sys
from awscli.botocore.session import Session
from awscli.botocore.utils import JSONFileCache, SSOTokenFetcher
from awscli.customizations.sso.utils import SSO_TOKEN_DIR, _sso_json_dumps

url, start_url, *names = sys.argv[1:]
session = Session()

def pending(userCode, **rest):
    print(json.dumps({"code": userCode}), flush=True)
    sys.stdin.readline()

fetcher = SSOTokenFetcher(
    sso_region="us-east-1",
    client_creator=lambda service, config: session.create_client(service, config=config, endpoint_url=url),
    cache=JSONFileCache(SSO_TOKEN_DIR, dumps_func=_sso_json_dumps),
    on_pending_authorization=pending,
    sleep=lambda seconds: None,
)
scopes = ["sso:account:access"] if names else None
fetcher.fetch_token(start_url=start_url, session_name=names[0] if names else None, registration_scopes=scopes)
"""


def cli_login(center: Center, home: Home, *session_name: str) -> dict[str, Any]:
    """Log in with the CLI's own code, the person saying yes: the files that it leaves, by name."""
    center.oidc.interval = 0
    with subprocess.Popen(
        ["/usr/bin/python3", "-c", LOGIN, center.server.url("sso-oidc"), START_URL, *session_name],
        env=home.environ,
        cwd=home.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as login:
        assert login.stdout is not None
        center.approve(json.loads(login.stdout.readline())["code"])
        login.communicate("\n", timeout=60)
    assert login.returncode == 0
    folder = home.folder / ".aws" / "sso" / "cache"
    return {path.name: json.loads(path.read_text()) for path in folder.iterdir()}


@needs_aws_cli
@pytest.mark.parametrize("session_name", [SESSION, None])
def test_the_cli_logs_in_with_a_code_and_the_helper_has_credentials_from_it(
    center: Center, granted: Home, offline_front: Front, session_name: str | None
) -> None:
    granted.environ |= center.environ() | {"AWS_ENDPOINT_URL_STS": offline_front.url}
    role = "[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/dev\nsource_profile = me\nregion = us-east-1\n"
    granted.config.write_text(sso_session() + permission_set("me", session_name=session_name) + role)
    cli_login(center, granted, *([session_name] if session_name else []))
    granted.get("dev")
    assert [call.access_key_id for call in offline_front.calls] == [center.issuer.given[0].access_key_id]
    assert center.calls("CreateToken") == 2
    assert center.malformed == []


@needs_aws_cli
@pytest.mark.parametrize("session_name", [SESSION, None])
def test_the_cli_s_files_are_those_that_a_test_writes(center: Center, home: Home, session_name: str | None) -> None:
    theirs = cli_login(center, home, *([session_name] if session_name else []))
    mine = center.log_in(home, session_name, grants=())
    assert theirs.keys() == {mine.path.name, mine.registration.name}
    for path in (mine.path, mine.registration):
        assert json.loads(path.read_text()).keys() == theirs[path.name].keys()
