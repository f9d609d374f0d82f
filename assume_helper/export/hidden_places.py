"""What a program in the sandbox does not see: where credentials are, and the sockets of what hands them out."""

import glob
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress

from assume_helper import hit
from assume_helper.cache import directory
from assume_helper.export import listening_sockets, mount_aliases
from assume_helper.export.sandbox import SCRATCH, is_in
from assume_helper.profiles import aws_config
from assume_helper.system.home import own_home

# Under HOME: AWS's own, other tools' that keep AWS credentials, keys and their agents, browsers with their logins, and
# sockets of programs that run others.
_OF_HOME = (
    *(".aws", ".awsvault", ".granted", ".Leapp", ".awsume", ".local/share/awsume", ".cache/awsume", ".aws-sso"),
    *(".config/aws-sso", ".saml2aws", ".okta", ".okta_aws_login", ".okta_aws_login_config", ".gimme-aws-creds"),
    *(".boto", ".s3cfg", ".passwd-s3fs", ".mc", ".config/rclone", ".rclone.conf", ".elasticbeanstalk", ".terraform.d"),
    *(".pulumi", ".vault-token", ".kube", ".azure", ".config/gcloud", ".local/share/python_keyring", ".password-store"),
    *(".ssh", ".gnupg", ".docker", ".colima", ".lima", ".rd", ".config/containers", ".1password", ".config/op"),
    *(".local/share/keyrings", ".local/share/kwalletd", ".kde/share/apps/kwallet", ".kde4/share/apps/kwallet"),
    *(".Xauthority", ".mozilla", ".config/mozilla", ".cache/mozilla", ".config/chromium", ".config/google-chrome"),
    *(".config/google-chrome-beta", ".config/google-chrome-unstable", ".config/BraveSoftware"),
    *(".config/microsoft-edge", ".config/microsoft-edge-beta", ".config/microsoft-edge-dev", ".config/vivaldi"),
    *(".config/opera", "snap/firefox", "snap/chromium", ".var/app"),
)
# Variables that move parts of HOME (XDG Base Directory Specification).
_MOVED = {"XDG_CONFIG_HOME": ".config/", "XDG_DATA_HOME": ".local/share/", "XDG_CACHE_HOME": ".cache/"}
# The system's: sockets, mounted secrets, and what runs later as this user.
_OF_SYSTEM = ("/run", "/var/run", "/secrets", "/var/spool/cron", "/var/spool/at", "/var/spool/anacron",
              "/var/lib/docker", "/var/snap/lxd", "/var/lib/lxd", "/var/lib/incus", "/var/lib/kubelet",
              "/var/lib/amazon")  # fmt: skip
_CRONTABS = "/etc/*cron*"
# Variables that name files with credentials, or a token. A file that is replaced would be seen again, so its folder is
# hidden, where that may be.
_FILES = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "KUBECONFIG",
          "GOOGLE_APPLICATION_CREDENTIALS", "XAUTHORITY", "SSH_AUTH_SOCK", "BOTO_CONFIG")  # fmt: skip
_FOLDERS = ("AWS_LOGIN_CACHE_DIRECTORY", "ASSUME_HELPER_CACHE_DIR", "XDG_RUNTIME_DIR", "GNOME_KEYRING_CONTROL",
            "GNUPGHOME", "DOCKER_CONFIG", "CREDENTIALS_DIRECTORY", "PASSWORD_STORE_DIR",
            "AWS_VAULT_FILE_DIR")  # fmt: skip
_SOCKETS = ("DOCKER_HOST", "CONTAINER_HOST", "DBUS_SESSION_BUS_ADDRESS", "BUILDKIT_HOST")
_TOKEN_FILES = ("web_identity_token_file", "assume_helper_web_identity_token_file")
# A folder that many programs need is not hidden for one file in it.
_SHARED = ("/", "/etc", "/usr", "/opt", "/var", "/srv", "/mnt", "/media", "/home", "/root", "/dev", "/proc", "/sys",
           "/var/lib", "/usr/local", "/usr/local/etc", "/etc/aws", "/lib", "/bin")  # fmt: skip


def hidden(environ: Mapping[str, str], working: str, own: Iterable[str]) -> tuple[str, ...]:
    """The directories and files to hide, those that are there, each once and none within another one.

    `working` is the working directory, free of links. `own` are this program's own places beside the cache.
    """
    places = [*_OF_SYSTEM, *glob.glob(_CRONTABS), *own, directory.find(environ) or ""]
    places += [environ.get(name, "") for name in _FOLDERS]
    for home in homes(environ):
        places += [os.path.join(home, name) for name in _OF_HOME]
    for variable, below in _MOVED.items():
        moved = [name.removeprefix(below) for name in _OF_HOME if name.startswith(below)]
        places += [os.path.join(environ[variable], name) for name in moved if environ.get(variable)]
    files = [*hit.config_paths(environ), *(environ.get(name, "") for name in _FILES)]
    files += [path for name in _SOCKETS for path in _socket_paths(environ.get(name, ""))]
    config = aws_config.load(environ)
    for values in (*config.config_profiles.values(), *config.credentials_profiles.values()):
        files += [values[name] for name in _TOKEN_FILES if name in values]
    for path in map(_real, files):
        folder = os.path.dirname(path)
        around = (*_SHARED, *SCRATCH, working, *homes(environ))
        places += [path] if any(is_in(other, folder) for other in around) else [folder]
    found = [path for path in map(_real, places) if path]
    of_home = [path for path in found if any(is_in(path, home) for home in homes(environ))]
    return _outermost([*found, *mount_aliases.aliases(of_home), *listening_sockets.paths()], working)


def homes(environ: Mapping[str, str]) -> list[str]:
    """The home of HOME, and that of the user database, where the cache is if the former is another user's."""
    found = [path for path in (environ.get("HOME", ""), own_home() or "") if os.path.isabs(path)]
    return list(dict.fromkeys(os.path.realpath(path) for path in found))


def make(environ: Mapping[str, str]) -> None:
    """Make the directories for AWS's files and for the cache, if they are missing: what is not there cannot be hidden,
    and could be made by another process while the program runs.
    """
    for path in (os.path.join(environ.get("HOME", ""), ".aws"), directory.find(environ) or ""):
        if os.path.isabs(path):
            with suppress(OSError):
                os.makedirs(path, mode=0o700, exist_ok=True)


def _real(path: str) -> str:
    """`path`, which may be relative to the working directory, without links; "" for ""."""
    return os.path.realpath(os.path.expanduser(path)) if path else ""


def _socket_paths(address: str) -> list[str]:
    """The paths in the address of a socket, as Docker (unix:///path) and D-Bus (unix:path=/path,guid=...) write it."""
    found = [part.removeprefix("unix://") for part in [address] if part.startswith("unix://")]
    for one in address.split(";"):
        found += [word.partition("path=")[2] for word in one.split(":", 1)[-1].split(",") if word.startswith("path=")]
    return found


def _outermost(paths: Iterable[str], working: str) -> tuple[str, ...]:
    """Those of `paths` that are there and in no other one, sorted. SCRATCH is empty inside, but for `working`."""
    found: list[str] = []
    for path in sorted(set(paths)):
        is_covered = any(is_in(path, other) for other in (*found, *SCRATCH)) and not is_in(path, working)
        if path and os.path.exists(path) and not is_covered and not any(is_in(path, other) for other in found):
            found.append(path)
    return tuple(found)
