"""What tells a source apart in the cache key: never a secret, and nothing that changes when the source is renewed."""

from assume_helper.light import TYPE_CHECKING
from assume_helper.profiles.login import ConsoleLogin, PermissionSet
from assume_helper.profiles.origin import (
    CredentialProcess,
    EnvironmentKeys,
    GitHubActions,
    KeptKey,
    Metadata,
    Origin,
    SAMLProcess,
    StaticKeys,
    WebIdentity,
    WebIdentityProcess,
)

if TYPE_CHECKING:
    from assume_helper.profiles.role import Profile


def of(source: "Origin | Profile") -> dict[str, object]:
    """What stands for `source` in the key of a session that is made from it."""
    match source:
        case StaticKeys():
            return {"access_key_id": source.access_key_id}
        case KeptKey(access_key_id=None):
            return {"kept_key": [source.place, source.profile]}
        case KeptKey():
            return {"access_key_id": source.access_key_id}
        case EnvironmentKeys():
            return {"credential_source": "Environment", "access_key_id": source.access_key_id}
        case CredentialProcess():
            # Not the access key that it prints: that changes with each renewal, and each would be a miss.
            return {"credential_process": source.command, **source.resolution.inputs}
        case Metadata():
            return {"credential_source": source.credential_source, "uri": source.uri, **source.resolution.inputs}
        case PermissionSet(account_id=account, role_name=role, login=login):
            portal = [login.service.region, login.service.endpoint_urls.get("sso")]
            return {"permission_set": [account, role, login.start_url, *portal], **source.resolution.inputs}
        case ConsoleLogin():
            return {"login_session": source.login_session, **source.resolution.inputs}
        case WebIdentity():
            return dict(source.resolution.inputs) or {"web_identity_token_file": source.token_file}
        case WebIdentityProcess():
            # Not the token that it prints: as for a credential_process, and a hit would have to run it.
            return {"web_identity_token_process": source.command, **source.resolution.inputs}
        case GitHubActions():
            return {"credential_source": "GitHubActions", "uri": source.url, **source.resolution.inputs}
        case SAMLProcess():
            provider = {"saml_provider_arn": source.provider_arn}
            return {"saml_process": source.command, **provider, **source.resolution.inputs}
    return {"session": source.session_inputs()}
