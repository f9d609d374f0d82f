"""The environment of a program in the sandbox: its own session, and nothing that leads to another one."""

import re
from collections.abc import Mapping

from assume_helper import answers

# Of the AWS and helper's variables these stay, for they name no identity and no file of one.
_KEPT = re.compile(
    r"AWS_(REGION|DEFAULT_REGION|ENDPOINT_URL\w*|IGNORE_CONFIGURED_ENDPOINT_URLS|CA_BUNDLE|USE_\w+|RETRY_MODE"
    r"|MAX_ATTEMPTS|STS_REGIONAL_ENDPOINTS|DEFAULT_OUTPUT|DEFAULTS_MODE|PAGER|CLI_AUTO_PROMPT|EC2_METADATA_DISABLED"
    r"|REQUEST_\w+|RESPONSE_\w+|SDK_UA_APP_ID|S3_\w+)"
)
_OURS = ("AWS_", "AMAZON_", "ASSUME_HELPER_", "AWSUME_", "ACTIONS_")
# Programs that hand out credentials, or that can be told to do something: an agent, a bus, an editor, a display.
_AGENTS = re.compile(
    r"SSH_AUTH_SOCK|SSH_AGENT_PID|SSH_ASKPASS|GIT_ASKPASS|SUDO_ASKPASS|GPG_AGENT_INFO|GPG_TTY|GNUPGHOME|DBUS_\w+"
    r"|XDG_RUNTIME_DIR|GNOME_KEYRING_\w+|DOCKER_\w+|CONTAINER_HOST|CONTAINER_SSHKEY|BUILDKIT_HOST|KUBECONFIG|DISPLAY"
    r"|WAYLAND_\w+|XAUTHORITY|TMUX\w*|STY|NOTIFY_SOCKET|LISTEN_\w+|CREDENTIALS_DIRECTORY|KRB5CCNAME|VSCODE_\w+"
    r"|KUBERNETES_\w+|CONTAINERD_\w+|TMPDIR|TEMP|TMP"
    # Vaults and password managers: 1Password's and Bitwarden's.
    r"|VAULT_\w+|OP_SESSION_\w+|OP_SERVICE_ACCOUNT_TOKEN|OP_CONNECT_TOKEN|BW_SESSION|BW_CLIENTSECRET|BW_PASSWORD"
)
# What other tools call the keys of AWS, and the tokens with which a job proves who it is.
_CREDENTIALS = re.compile(
    r"\w*(AWS_?ACCESS_?KEY|AWS_?SECRET|AWS_?SESSION_?TOKEN|SECRET_?ACCESS_?KEY|SECURITY_TOKEN|OIDC|ID_?TOKEN|JWT"
    r"|WEB_IDENTITY|WORKLOAD_IDENTITY)\w*|CI_JOB_TOKEN|SYSTEM_ACCESSTOKEN|BUILDKITE_AGENT_\w*TOKEN",
    re.IGNORECASE,
)
# A value of these is a secret under any other name, too.
_SECRETS = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_SECRET_KEY",
    *answers.CONTAINER_TOKENS[:1],
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
)


def environment(environ: Mapping[str, str], name: str, given: Mapping[str, str]) -> dict[str, str]:
    """`environ` with the variables that are `given` for the profile `name`, without what leads to other credentials."""
    secrets = {environ[secret] for secret in _SECRETS if environ.get(secret)}
    kept = {name: value for name, value in environ.items() if not _is_removed(name) and value not in secrets}
    return answers.program_environment(name, given.items(), kept)


def _is_removed(name: str) -> bool:
    if name.upper().startswith(_OURS):
        return _KEPT.fullmatch(name) is None
    return _AGENTS.fullmatch(name) is not None or _CREDENTIALS.fullmatch(name) is not None
