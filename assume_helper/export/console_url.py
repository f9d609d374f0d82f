"""Where the console is: its pages and its sign-in in each partition, and the access portal's link to it.

Sources: IAM User Guide, "Enable custom identity broker access to the AWS console"; IAM Identity Center User Guide,
"Create shortcut links to AWS Management Console destinations".
"""

import re
from urllib.parse import quote, urlencode, urlsplit

from assume_helper.errors import ConfigurationError
from assume_helper.profiles import partitions, value_parsers
from assume_helper.profiles.login import ConsoleLogin, PermissionSet
from assume_helper.profiles.role import Profile
from assume_helper.text import has_control_character, printable

# The hosts of a partition's sign-in and of its console; a region's own console has the region in front.
_HOSTS = {
    "aws": ("signin.aws.amazon.com", "console.aws.amazon.com"),
    "aws-us-gov": ("signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com"),
    "aws-cn": ("signin.amazonaws.cn", "console.amazonaws.cn"),
    "aws-eusc": ("eusc-de-east-1.signin.amazonaws-eusc.eu", "console.amazonaws-eusc.eu"),
}
# Where AWS sends the browser when the session is over: it is a name that people see, and no page.
ISSUER = "assume-helper"
# What the console calls a service, where the AWS CLI, or a habit, calls it otherwise.
_IN_CONSOLE = {
    "apigw": "apigateway",
    "ce": "costmanagement",
    "cfn": "cloudformation",
    "codeartifact": "codesuite/codeartifact",
    "codebuild": "codesuite/codebuild",
    "codecommit": "codesuite/codecommit",
    "codedeploy": "codesuite/codedeploy",
    "codepipeline": "codesuite/codepipeline",
    "cw": "cloudwatch",
    "ddb": "dynamodbv2",
    "dynamodb": "dynamodbv2",
    "eb": "elasticbeanstalk",
    "es": "aos",
    "eventbridge": "events",
    "identitycenter": "singlesignon",
    "logs": "cloudwatch",
    "opensearch": "aos",
    "r53": "route53/v2",
    "redshift": "redshiftv2",
    "route53": "route53/v2",
    "sfn": "states",
    "ssm": "systems-manager",
    "sso": "singlesignon",
    "sso-admin": "singlesignon",
    "stepfunctions": "states",
    "waf": "wafv2/homev2",
    "wafv2": "wafv2/homev2",
}
_SERVICE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


class NotAPage(ValueError):
    """A region, a service or a destination that names no page of the partition's console. The text says why."""


def partition(profile: Profile) -> str:
    """The partition of who the session of `profile` is: the role's, the login's, else that of the region."""
    match profile.source if profile.role_arn is None else None:
        case PermissionSet(login=login):
            return partitions.of_region(login.service.region) or profile.partition
        case ConsoleLogin(login_session=who) if who.startswith("arn:"):
            return who.split(":")[1]
    return profile.partition


def region(profile: Profile, partition: str, asked: str | None) -> str:
    """The region that the console is opened in: the one that is `asked` for, else the profile's.

    A profile's region of another partition is for other work: then it is the first one of `partition`. Raises NotAPage.
    """
    if asked is None:
        found = profile.endpoint.region
        fits = partitions.of_region(found) in {None, partition}
        return found if fits else partitions.first_region(partition)
    try:
        value_parsers.region(asked, "--region")
    except ConfigurationError as error:
        raise NotAPage(str(error)) from None
    theirs = partitions.of_region(asked)
    if theirs not in {None, partition}:
        raise NotAPage(f"--region {printable(asked, 64)} is of partition {theirs}, and the profile of {partition}")
    return asked


def home(partition: str, region: str) -> str:
    """The console's first page. Raises ConfigurationError for a partition whose console is not known."""
    return f"https://{region}.{_hosts(partition)[1]}/console/home?region={region}"


def of_service(partition: str, region: str, name: str) -> str:
    """The page of a service, by its usual name or the console's own. Raises NotAPage, ConfigurationError."""
    service = name.lower()
    if not _SERVICE.fullmatch(service) or len(service) > 64:
        raise NotAPage(f"--service {printable(name, 64)} is no service's name: it looks like s3 or systems-manager")
    return f"https://{region}.{_hosts(partition)[1]}/{_IN_CONSOLE.get(service, service)}/home?region={region}"


def destination(partition: str, region: str, wanted: str) -> str:
    """The page that a person names by its URL, or by its path in the region's console.

    Raises NotAPage for a URL of another host or partition, ConfigurationError.
    """
    # Browsers take a backslash for a slash, and pass over line breaks.
    if has_control_character(wanted) or any(c.isspace() or c == "\\" for c in wanted):
        raise NotAPage("--destination holds a blank, a backslash or a control character")
    console = _hosts(partition)[1]
    if wanted.startswith("/") and not wanted.startswith("//"):
        return f"https://{region}.{console}{wanted}"
    host = _host(wanted)
    if host is None:
        raise NotAPage("--destination is neither a URL with https:// nor a path with a slash in front")
    if _is_in(host, console):
        return wanted
    for other, (_, theirs) in _HOSTS.items():
        if _is_in(host, theirs):
            raise NotAPage(f"--destination is a page of partition {other}, and the profile is of {partition}")
    raise NotAPage(f"--destination is no page of the console: its host is {printable(host, 120)}, not {console}")


def is_url(wanted: str) -> bool:
    """Whether a destination is a URL, which has its own region, and not a path."""
    return not wanted.startswith("/")


def _host(url: str) -> str | None:
    """The host of an https URL that has no user, password or port; None for anything else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = parts.netloc.lower()
    return host if parts.scheme == "https" and _HOST.fullmatch(host) else None


def _is_in(host: str, console: str) -> bool:
    return host == console or host.endswith(f".{console}")


def _hosts(partition: str) -> tuple[str, str]:
    found = _HOSTS.get(partition)
    if found is None:
        raise ConfigurationError(
            f"the console of partition {printable(partition, 64)} is not known",
            f"use a profile of {', '.join(_HOSTS)}",
        )
    return found


def sign_in(partition: str) -> str:
    """The URL of the sign-in that AWS has for `partition`. Raises ConfigurationError where it is not known."""
    return f"https://{_hosts(partition)[0]}"


def federation(sign_in: str) -> str:
    """The federation endpoint of a sign-in, AWS's or one's own."""
    return f"{sign_in.rstrip('/')}/federation"


def login(sign_in: str, destination: str, token: str) -> str:
    """The page that signs in with a sign-in token. Whoever opens it is signed in: it is a secret for 15 minutes."""
    query = {"Action": "login", "Issuer": ISSUER, "Destination": destination, "SigninToken": token}
    return f"{federation(sign_in)}?{urlencode(query, quote_via=quote, safe='')}"


def of_portal(permission_set: PermissionSet, destination: str | None) -> str:
    """The access portal's link to the console, with no secret in it: the portal signs the person in."""
    query = {"account_id": permission_set.account_id, "role_name": permission_set.role_name}
    query |= {"destination": destination} if destination is not None else {}
    portal = urlsplit(permission_set.login.start_url)._replace(query="", fragment="").geturl().rstrip("/")
    return f"{portal}/#/console?{urlencode(query, quote_via=quote, safe='')}"
