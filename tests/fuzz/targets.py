"""What the fuzzer gives to the parsers: each target takes any bytes, and fails where more than an error comes of them.

A target is a parser of something that others write, and what must hold whatever that is: only errors of our own, each
one line that may stand on a terminal; never a file outside the cache; never a value that means something else where
it is going.
"""

import json
import os
import re
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import botocore.session
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.configloader import raw_config_parse
from botocore.exceptions import ConfigParseError
from hit_answers import fresh_document
from unit.profiles.test_aws_config import botocore_reads, nested

from assume_helper import credentials, errors, hit, text
from assume_helper.cache import directory as cache_directory
from assume_helper.cache import entries, outcomes
from assume_helper.cache.directory import Cache
from assume_helper.cache.document import credential_document
from assume_helper.cache.entries import Entry
from assume_helper.cache.session import Session, printed_expiration
from assume_helper.errors import AssumeHelperError
from assume_helper.profiles import aws_config, role_chain, session_parameters
from assume_helper.profiles.origin import CredentialProcess, StaticKeys
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.role import Endpoint, Profile
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.sessions import herd_gate
from assume_helper.sources import mfa, saml, used_mfa_codes
from assume_helper.sources import process as source_process
from assume_helper.sts import failures, request, response
from assume_helper.system import process
from assume_helper.system.warning import Warning
from assume_helper.text import has_control_character

NOW = 1_800_000_000
KEY = "ab" * 32
SECRET = "CanarySecretAccessKey0123456789+/abcdefg"
# In memory where there is such a place: every input writes files.
_MEMORY = "/dev/shm"
_FOLDER = tempfile.TemporaryDirectory(prefix="assume-helper-fuzz-", dir=_MEMORY if os.path.isdir(_MEMORY) else None)
_HOME = os.path.realpath(_FOLDER.name)
ENVIRON = {
    "HOME": _HOME,
    "AWS_CONFIG_FILE": os.path.join(_HOME, "config"),
    "AWS_SHARED_CREDENTIALS_FILE": os.path.join(_HOME, "credentials"),
    "ASSUME_HELPER_CACHE_DIR": os.path.join(_HOME, "cache"),
}
_DEV = StaticKeys("base", "AKIADUMMY", SECRET, None)
_PROFILE = Profile("dev", "arn:aws:iam::123456789012:role/dev", _DEV, Endpoint("us-east-1", "http://127.0.0.1:9"))


def harmless(text: str) -> None:
    """`text` may stand in one line on a terminal, and holds no secret."""
    assert not has_control_character(text), ascii(text)
    assert SECRET not in text


def refused(error: AssumeHelperError) -> None:
    """An error of our own says what it says in words that harm nothing."""
    harmless(error.message)
    harmless(error.next_step)
    assert len(str(error)) < 4000


def _warned(warning: Warning) -> None:
    harmless(str(warning))


def _no_number(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def _put(name: str, data: bytes) -> None:
    """A file of ours alone in the cache."""
    descriptor = os.open(os.path.join(_store().path(name)), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


def _store() -> Cache:
    directory = ENVIRON["ASSUME_HELPER_CACHE_DIR"]
    os.makedirs(directory, 0o700, exist_ok=True)
    return Cache(directory, _warned)


def config(data: bytes) -> None:
    """Both AWS files, with a line of `=====` between them, and the chain of each profile that is in them."""
    first, _, second = data.partition(b"\n=====\n")
    with open(ENVIRON["AWS_SHARED_CREDENTIALS_FILE"], "wb") as file:
        file.write(second)
    try:
        read = aws_config.load(ENVIRON, aws_config.decode(first, "config"))
    except errors.ConfigurationError as error:
        refused(error)
        return
    # Where it stands for a region, say, it is no secret.
    is_secret = data.count(SECRET.encode()) == data.count(f"aws_secret_access_key = {SECRET}\n".encode())
    for name in [*list(read.profiles)[:5], "dev"]:
        try:
            profile = role_chain.read_profile(read, ENVIRON, name)
        except AssumeHelperError as error:
            if is_secret:
                refused(error)
            continue
        assert len(entries.key(profile.session_inputs())) == 64
        assert not is_secret or SECRET not in repr(profile.session_inputs())
        if profile.role_arn is not None:
            harmless(profile.role_arn)
        json.dumps(profile.parameters.request(), ensure_ascii=False).encode()


def names(data: bytes) -> None:
    """The names of all profiles, as TAB has them: at least those that the full reading finds.

    But for headers that are indented: what they belong to depends on all lines before.
    """
    if re.search(r"(?:^|[\r\n])\s+\[", data.decode("utf-8", "replace")):
        return
    with open(ENVIRON["AWS_CONFIG_FILE"], "wb") as file:
        file.write(data)
    with open(ENVIRON["AWS_SHARED_CREDENTIALS_FILE"], "wb"):
        pass
    try:
        read = aws_config.load(ENVIRON)
        found = aws_config.profile_names(ENVIRON)
    except errors.ConfigurationError as error:
        refused(error)
        return
    assert set(read.profiles) <= set(found), (set(read.profiles), found)


def alike(data: bytes) -> None:
    """The config file, read as botocore reads it, or refused where botocore refuses it."""
    if data.startswith(b"\xef\xbb\xbf"):
        return  # botocore does not know what that is
    if b"\0" in data:
        return  # it may be taken for UTF-16 or UTF-32, which is said
    try:
        data.decode()
    except UnicodeDecodeError:
        return
    with open(ENVIRON["AWS_CONFIG_FILE"], "wb") as file:
        file.write(data)
    with open(ENVIRON["AWS_SHARED_CREDENTIALS_FILE"], "wb"):
        pass
    try:
        raw_config_parse(ENVIRON["AWS_CONFIG_FILE"], parse_subsections=False)
    except ConfigParseError:
        try:
            aws_config.load(ENVIRON)
        except errors.ConfigurationError as error:
            refused(error)
            return
        raise AssertionError("botocore refuses it") from None
    read = aws_config.load(ENVIRON)
    try:
        profiles, services = botocore_reads(ENVIRON)
    except ConfigParseError:  # an indented block without =: refused by ours when that block is wanted
        return
    assert nested(read.profiles) == profiles
    assert nested(read.services) == services


def parameters(data: bytes) -> None:
    """A profile's keys, one a line, as far as they mark and narrow a session."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    values = {key.strip(): value for key, _, value in (line.partition("=") for line in lines)}
    read = aws_config.AwsConfig(ENVIRON["AWS_CONFIG_FILE"], "", {"dev": values}, {}, {}, {})
    try:
        found = session_parameters.from_settings(ProfileSettings(merge(read, "dev")), "aws")
    except AssumeHelperError as error:
        refused(error)
        return
    assert json.loads(json.dumps(found.inputs())) == found.inputs()
    request = found.request()
    json.dumps(request, ensure_ascii=False).encode()  # STS is sent UTF-8
    for tag in found.tags:
        harmless("".join(tag))
    if found.policy is not None:
        json.loads(found.policy, parse_constant=_no_number)
        assert len(found.policy) <= 2048


def sealed(data: bytes) -> None:
    """A file of the cache: what is unsealed is what was sealed, or it is refused."""
    assert hit.unseal(hit.seal(data)) == data
    try:
        payload = hit.unseal(data)
    except ValueError:
        return
    assert data.endswith(payload)


def answer(data: bytes) -> None:
    """A hit's two files, with a line of `=====` between them: whole, and with anything in them; or the first one with a
    failure, for the followers at the herd gate.
    """
    known, _, entry = data.partition(b"\n=====\n")
    name, stamp = hit.stamp("dev", ENVIRON)
    _put(name, hit.seal(stamp + b"\n" + known))
    _put(KEY + ".entry", hit.seal(entry))
    opened: list[str] = []
    real = hit.read_private

    def watched(path: str, largest: int = hit.LARGEST_FILE) -> bytes:
        opened.append(path)
        return real(path, largest)

    hit.read_private = watched
    try:
        found = fresh_document("dev", ENVIRON, NOW)
    finally:
        hit.read_private = real
    key, elsewhere, *_ = [*known.split(b"\0"), b""]
    for path in opened:
        assert os.path.dirname(path) in (ENVIRON["ASSUME_HELPER_CACHE_DIR"], os.fsdecode(elsewhere)), ascii(path)
    if found is not None:
        assert key == KEY.encode()
    told: list[bytes] = []
    write = hit.write
    hit.write = lambda descriptor, data: told.append(data)  # noqa: ARG005
    try:
        exit_code = herd_gate.replay_failure("dev", ENVIRON, 0)
    finally:
        hit.write = write
    assert exit_code in range(256)
    assert bool(exit_code) is bool(told)
    assert found is None or not told


def entry(data: bytes) -> None:
    """An entry, a failure and used codes, whole and with anything in them: a miss, or what can be written again."""
    store = _store()
    sealed_data = hit.seal(data)
    for suffix in (".entry", ".failure", ".code"):
        _put(KEY + suffix, sealed_data)
    found = entries.read(store, KEY)
    if found is not None:
        assert found.session.lifetime > 0
        assert found.session.refreshed_from <= found.session.served_until
        found.session.is_fresh(NOW)
        entries.write(store, KEY, found)
        again = entries.read(store, KEY)
        assert again == found, (again, found)
    failure = outcomes.read_failure(store, KEY)
    if failure is not None:
        assert isinstance(failure.error, AssumeHelperError)
        outcomes.write_failure(store, KEY, failure)
    for used in used_mfa_codes.read(store, KEY):
        used.matches("123456", NOW)


def code(data: bytes) -> None:
    """What a command prints, or somebody types, as an MFA code: six digits and nothing else."""
    text = mfa._plain(data.decode("utf-8", "replace"))
    if mfa._CODE.fullmatch(text):
        assert len(text) == 6
        assert all(c in "0123456789" for c in text)


def said(data: bytes) -> None:
    """Words of others, with a secret between them."""
    before, _, after = data.decode("utf-8", "surrogateescape").partition("|")
    shown = text.redacted(f"{before}{SECRET}{after}")
    harmless(shown)
    assert SECRET[:24] not in shown
    assert len(shown) <= 400
    harmless(text.printable(before, 80))


_client: list[Any] = []
_reply: list[tuple[int, bytes, bytes]] = []


def _sent(request: Any, **_: Any) -> Any:  # as botocore names it
    status, date, body = _reply[0]

    class Raw:
        def stream(self) -> Any:
            yield body

    headers: Any = {"date": date.decode("latin-1"), "content-type": "text/xml"}
    return AWSResponse(request.url, status, headers, Raw())


def _sts() -> Any:
    if not _client:
        session = botocore.session.Session()
        session.set_config_variable("config_file", os.devnull)
        session.set_config_variable("credentials_file", os.devnull)
        settings = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1, "mode": "standard"})
        client = session.create_client("sts", "us-east-1", endpoint_url="http://127.0.0.1:9", config=settings)
        client.meta.events.register("before-send.sts", _sent)
        _client.append(client)
    return _client[0]


def reply(data: bytes) -> None:
    """What a server says to AssumeRole: a line with its status, one with its date, and the body."""
    first, _, rest = data.partition(b"\n")
    date, _, body = rest.partition(b"\n")
    status = int(first) if first in {b"200", b"302", b"400", b"403", b"500", b"503"} else 200
    _reply[:] = [(status, date, body)]

    def call() -> dict[str, Any]:
        answer: dict[str, Any] = _sts().assume_role(RoleArn=_PROFILE.role_arn, RoleSessionName="me@here")
        return answer

    asked = request.assume_role(_PROFILE, "me@here")
    try:
        found = response.session(failures.translate_errors(call, asked, lambda: NOW), asked, NOW)
    except AssumeHelperError as error:
        refused(error)
        return
    assert 0 < found.lifetime <= credentials.LONGEST_SESSION
    assert found.account_id is not None
    printed = printed_expiration(found.expiration, found.lifetime, "host", KEY)
    document = credential_document(found.credentials, printed, found.account_id)
    assert document.isascii()
    assert b"\n" not in document
    fields = json.loads(document)
    assert list(fields) == ["Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "AccountId"]
    assert datetime.strptime(fields["Expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) == printed
    for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"):
        harmless(fields[name])
    session = Session(
        found.credentials, found.expiration, printed, NOW, found.lifetime, found.assumed_role_arn, found.account_id
    )
    store = _store()
    entries.write(store, KEY, Entry(session, document))
    assert entries.read(store, KEY) == Entry(session, document)


def document(data: bytes) -> None:
    """What the credential_process of a source prints, a line with its exit status before it."""
    first, _, rest = data.partition(b"\n")
    real = process.run
    process.run = lambda *_arguments: process.Finished(int(first == b"1"), rest[:65536], rest[:65536])
    try:
        answer = source_process.run(CredentialProcess("tool", "tool"), {}, 10, time.time())
    except AssumeHelperError as error:
        refused(error)
    else:
        found = answer.credentials
        assert found.access_key_id
        assert credentials.can_be_sent(found.access_key_id)
        assert credentials.can_be_sent(found.secret_access_key)
        assert found.session_token is None or credentials.can_be_sent(found.session_token)
        assert answer.account_id is None or re.fullmatch("[0-9]{12}", answer.account_id)
        assert (answer.expiration is None) is (answer.lifetime == 0)
        assert answer.lifetime >= 0
    finally:
        process.run = real


def assertion(data: bytes) -> None:
    """A SAML response that another program printed: at most one provider is found in it, by its ARN."""
    found = saml.provider_in(data, "arn:aws:iam::123456789012:role/dev")
    assert found is None or re.fullmatch(r"arn:aws[a-z-]*:iam::[0-9]{12}:saml-provider/[\w.-]{1,128}", found, re.ASCII)


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (config, alike, names, parameters, sealed, answer, entry, code, said, reply, document, assertion)
}
assert cache_directory.is_ours(KEY + ".entry")
