"""The AWS CLI's own cache of role credentials: what it got with a login goes from there too, or it would serve it on.

    ~/.aws/cli/cache/<key>.json     {"ProviderType": "sso", "Credentials": ...}: a permission set's
                                    {"Credentials": ..., "AssumedRoleUser": ...}: a role's

The keys are botocore's, of the bare keys of a profile (`SSOCredentialFetcher`, `AssumeRoleCredentialFetcher`).
"""

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress

from assume_helper.errors import ConfigurationError
from assume_helper.profiles import login, role_chain
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.login import IdentityCenterLogin, Login
from assume_helper.profiles.raw_profile import RawProfile, merge
from assume_helper.system import home, private_files
from assume_helper.system.digests import sha1

_FOLDER = "~/.aws/cli/cache"
_NAME = re.compile(r"([0-9a-f]{40})\.json")
_LONGEST = 256 * 1024
# What botocore makes of the keys of a profile with a role, in its request.
_ARGUMENTS = {"role_session_name": "RoleSessionName", "external_id": "ExternalId", "mfa_serial": "SerialNumber"}


def find(config: AwsConfig, environ: Mapping[str, str], ended: Collection[Login]) -> list[str]:
    """The files of the AWS CLI's cache that came of one of these logins, as far as the config tells.

    A permission set's file that no profile explains is one too: its profile is gone. None where the folder is in
    another user's HOME.
    """
    folder = login.absolute(_FOLDER, environ)
    try:
        names = [] if home.is_foreign(folder, environ) else sorted(os.listdir(folder))
    except OSError:
        return []
    keys = {found[1]: os.path.join(folder, name) for name in names if (found := _NAME.fullmatch(name))}
    if not keys:
        return []
    paths = {os.path.realpath(each.token_path) for each in ended}
    of_roles = set(_of_roles(config, environ, paths))
    of_sets = dict(_of_permission_sets(config, environ))
    may_be_unexplained = any(isinstance(each, IdentityCenterLogin) for each in ended)
    found_paths = []
    for key, path in keys.items():
        whose = of_sets.get(key)
        is_of_ended = whose in paths if whose is not None else may_be_unexplained
        kind = _kind(path) if is_of_ended or key in of_roles else ""
        if (kind == "permission set" and is_of_ended) or (kind == "role" and key in of_roles):
            found_paths.append(path)
    return found_paths


def delete(paths: Collection[str]) -> list[str]:
    """Delete these files, also where a link leads to them; those that cannot be removed."""
    stays = []
    for path in paths:
        try:
            os.unlink(os.path.realpath(path))
        except FileNotFoundError:
            continue
        except OSError:
            stays.append(path)
    return stays


def _kind(path: str) -> str:
    """What a file of the cache holds: a permission set's credentials, a role's, or "" for anything else."""
    try:
        data, _ = private_files.read_with_state(path, _LONGEST)
        content = json.loads(data)
    except (OSError, ValueError, RecursionError):
        return ""
    if not isinstance(content, dict) or not isinstance(content.get("Credentials"), dict):
        return ""
    if content.get("ProviderType") == "sso":
        return "permission set"
    return "role" if isinstance(content.get("AssumedRoleUser"), dict) else ""


def _of_permission_sets(config: AwsConfig, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The key of each permission set that a profile names, bare or with the prefix, and its login's token file."""
    for name in config.profiles:
        raw = merge(config, name)
        for values in (raw.bare, raw.values):
            account, role = values.get("sso_account_id"), values.get("sso_role_name")
            session, start_url = values.get("sso_session"), values.get("sso_start_url", "")
            if account and role and (session or start_url):
                args = {"roleName": role, "accountId": account}
                args |= {"sessionName": session} if session else {"startUrl": start_url}
                text = json.dumps(args, sort_keys=True, separators=(",", ":"))
                path = login.absolute(login.identity_center_token(session, start_url), environ)
                yield sha1(text.encode("utf-8"), usedforsecurity=False).hexdigest(), os.path.realpath(path)


def _of_roles(config: AwsConfig, environ: Mapping[str, str], paths: Collection[str]) -> Iterator[str]:
    """The key of each role that a profile has bare, whose chain begins with a login with one of these token files."""
    known: dict[str, str | None] = {}
    for name in config.profiles:
        raw = merge(config, name)
        role_arn = raw.own_bare("role_arn")
        first = _first_source(config, name) if role_arn is not None else None
        if role_arn is None or first is None:
            continue
        if first not in known:
            known[first] = _token_file(config, environ, first)
        if known[first] in paths:
            yield _role_key(role_arn, raw)


def _first_source(config: AwsConfig, name: str) -> str | None:
    """The profile that the chain of a role begins with, as the AWS CLI sees it: by bare keys."""
    visited = set()
    while name not in visited:
        visited.add(name)
        raw = merge(config, name)
        has_key = len(visited) > 1 and raw.own_bare("aws_access_key_id") is not None
        source = raw.own_bare("source_profile")
        if raw.own_bare("role_arn") is None or has_key or source is None:
            return name
        name = source
    return None


def _token_file(config: AwsConfig, environ: Mapping[str, str], name: str) -> str | None:
    """The token file of the login that the profile's credentials begin with; None where they begin otherwise."""
    with suppress(ConfigurationError):
        found = role_chain.read_profile(config, environ, name).login
        return os.path.realpath(found.token_path) if found is not None else None
    return None


def _role_key(role_arn: str, raw: RawProfile) -> str:
    from botocore.credentials import AssumeRoleCredentialFetcher

    written = {theirs: raw.own_bare(ours) for ours, theirs in _ARGUMENTS.items()}
    arguments: dict[str, object] = {name: value for name, value in written.items() if value is not None}
    with suppress(ValueError):  # as botocore: what is no number is not sent
        arguments["DurationSeconds"] = int(raw.own_bare("duration_seconds") or "")
    fetcher = AssumeRoleCredentialFetcher(None, None, role_arn, arguments)  # type: ignore[arg-type]
    return str(fetcher._create_cache_key())  # type: ignore[attr-defined]
