"""Narrowed sessions: asked for by each command, held against what STS knows of them, and of what is made elsewhere."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import scoped_sts
from botocore.credentials import Credentials
from front import Call, Front
from identity_center import Center
from kind_scenes import KINDS, NAME, PROCESS_ACCOUNT, Scene
from running import SECRET, Home, Ran
from strict import Issued

POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}'
OTHER = POLICY.replace("Get", "Put")
NARROWED = ("--session-policy", POLICY)
SHOW = "import json, os; print(json.dumps({n: v for n, v in os.environ.items() if n.startswith('AWS_')}))"
PROGRAM = ("--", sys.executable, "-c", SHOW)
# What each command has behind its options, so that its output shows the session.
COMMANDS = {"get": (), "exec": PROGRAM, "env": ("--shell", "json")}


def known(scene: Scene, access_key_id: str = "ASIAPROCESS000000000", **fields: Any) -> None:
    """Have STS know a session that it has not given, an hour long: the one that a process prints."""
    keys = Credentials(access_key_id, SECRET, "ProcessToken")
    scene.sts.sessions[access_key_id] = Issued(keys, True, False, datetime.now(UTC) + timedelta(hours=1), **fields)


def of_kind(kind: str, home: Home, center: Center, front: Front) -> Scene:
    """A home with a profile of this kind; the odd ones prefixed, so that both ways are tried."""
    home.unmeasured()
    found = Scene(home, center, front, kind, is_prefixed=KINDS.index(kind) % 2 == 1)
    known(found, account=PROCESS_ACCOUNT)
    return found


def of_permission_set(home: Home, center: Center, front: Front) -> Scene:
    """A home with the profile of a permission set, not prefixed."""
    home.unmeasured()
    return Scene(home, center, front, "permission set")


def scoped(scene: Scene) -> list[Call]:
    """The calls of GetScopedCredentials so far."""
    return [call for call in scene.front.calls if call.action == scoped_sts.ACTION]


def narrowed(scene: Scene, *options: str, name: str = NAME) -> dict[str, Any]:
    """The document of a narrowed `get`."""
    ran = scene.home.run("get", name, *(options or NARROWED))
    assert (ran.code, ran.stderr) == (0, ""), ran.stderr
    return ran.document


def keys(ran: Ran) -> tuple[str, str]:
    """The access key id and the token that a command has handed out."""
    assert ran.code == 0, ran.stderr
    found = ran.document
    if "AccessKeyId" in found:
        return found["AccessKeyId"], found["SessionToken"]
    return found["AWS_ACCESS_KEY_ID"], found["AWS_SESSION_TOKEN"]


def policies(scene: Scene, access_key_id: str) -> tuple[str, ...]:
    """What the session with this key is narrowed to, as STS knows it."""
    return scene.sts.sessions[access_key_id].policies
