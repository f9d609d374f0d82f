"""GetScopedCredentials in botocore's model of STS, which has it from 1.44.8 on: added where it is not there.

tests/unit/sts/test_scoped_model.py compares it with botocore's own.
"""

from collections.abc import Mapping

from assume_helper.light import Any
from assume_helper.sts.request import GET_SCOPED_CREDENTIALS

_OPERATION = {
    "name": GET_SCOPED_CREDENTIALS,
    "http": {"method": "POST", "requestUri": "/"},
    "input": {"shape": "GetScopedCredentialsRequest"},
    "output": {"shape": "GetScopedCredentialsResponse", "resultWrapper": "GetScopedCredentialsResult"},
    "errors": [
        {"shape": "MalformedPolicyDocumentException"},
        {"shape": "PackedPolicyTooLargeException"},
        {"shape": "InsufficientSessionLifetimeException"},
        {"shape": "InvalidSubjectCredentialsException"},
    ],
}


def _error(code: str, message: str) -> dict[str, Any]:
    return {
        "type": "structure",
        "members": {"message": {"shape": message}},
        "error": {"code": code, "httpStatusCode": 400, "senderFault": True},
        "exception": True,
    }


# The shapes that AssumeRole uses too (credentials, policies) are in every model.
_SHAPES: dict[str, Any] = {
    "GetScopedCredentialsRequest": {
        "type": "structure",
        "members": {
            "Policy": {"shape": "sessionPolicyDocumentType"},
            "DurationSeconds": {"shape": "scopedCredentialDurationSecondsType"},
            "MinimumSessionTokenSize": {"shape": "minimumSessionTokenSizeType"},
            "ScopedSessionDescription": {"shape": "scopedSessionDescriptionType"},
        },
    },
    "sessionPolicyDocumentType": {
        "type": "string", "max": 2048, "min": 1, "pattern": "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+",
    },
    "scopedCredentialDurationSecondsType": {"type": "integer", "max": 129600, "min": 1},
    "minimumSessionTokenSizeType": {"type": "integer", "max": 4096, "min": 0},
    "scopedSessionDescriptionType": {
        "type": "string", "max": 256, "min": 2, "pattern": "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*",
    },
    "GetScopedCredentialsResponse": {
        "type": "structure",
        "members": {
            "Credentials": {"shape": "Credentials"},
            "SessionInfo": {"shape": "ScopedSession"},
            "SessionTokenUtilization": {"shape": "sessionTokenUtilizationType"},
            "SessionTokenSize": {"shape": "sessionTokenSizeType"},
            "ScopedPoliciesCount": {"shape": "scopedPoliciesCountType"},
            "SourceIdentity": {"shape": "sourceIdentityType"},
        },
    },
    "ScopedSession": {
        "type": "structure",
        "required": ["ScopedSessionId", "Arn"],
        "members": {"ScopedSessionId": {"shape": "scopedSessionIdType"}, "Arn": {"shape": "arnType"}},
    },
    "scopedSessionIdType": {"type": "string", "max": 193, "min": 2, "pattern": "[\\w+=,.@:-]*"},
    "sessionTokenUtilizationType": {"type": "integer", "min": 0},
    "sessionTokenSizeType": {"type": "integer", "min": 0},
    "scopedPoliciesCountType": {"type": "integer", "min": 0},
    "MalformedPolicyDocumentException": _error("MalformedPolicyDocument", "malformedPolicyDocumentMessage"),
    "malformedPolicyDocumentMessage": {"type": "string"},
    "PackedPolicyTooLargeException": _error("PackedPolicyTooLarge", "packedPolicyTooLargeMessage"),
    "packedPolicyTooLargeMessage": {"type": "string"},
    "InsufficientSessionLifetimeException": _error("InsufficientSessionLifetime", "insufficientSessionLifetimeMessage"),
    "insufficientSessionLifetimeMessage": {"type": "string"},
    "InvalidSubjectCredentialsException": _error("InvalidSubjectCredentials", "InvalidSubjectCredentialsMessage"),
    "InvalidSubjectCredentialsMessage": {"type": "string"},
}  # fmt: skip


def completed(described: Mapping[str, Any]) -> Mapping[str, Any]:
    """The description of STS in botocore's form, with GetScopedCredentials; as it is where it has that."""
    if GET_SCOPED_CREDENTIALS in described["operations"]:
        return described
    return {
        **described,
        "operations": {**described["operations"], GET_SCOPED_CREDENTIALS: _OPERATION},
        "shapes": {**_SHAPES, **described["shapes"]},
    }
