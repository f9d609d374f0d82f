"""The console's URLs: of each partition, of a service, of what a person names; and what is none of them."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from assume_helper.errors import ConfigurationError
from assume_helper.export import console_url
from assume_helper.export.console_url import NotAPage
from assume_helper.profiles.login import ConsoleLogin, IdentityCenterLogin, LoginService, PermissionSet
from assume_helper.profiles.origin import CredentialProcess, StaticKeys
from assume_helper.profiles.role import Endpoint, Profile

ACCOUNT = "123456789012"
HOSTS = [
    ("aws", "eu-west-1", "signin.aws.amazon.com", "eu-west-1.console.aws.amazon.com"),
    ("aws-us-gov", "us-gov-east-1", "signin.amazonaws-us-gov.com", "us-gov-east-1.console.amazonaws-us-gov.com"),
    ("aws-cn", "cn-northwest-1", "signin.amazonaws.cn", "cn-northwest-1.console.amazonaws.cn"),
    ("aws-eusc", "eusc-de-east-1", "eusc-de-east-1.signin.amazonaws-eusc.eu",
     "eusc-de-east-1.console.amazonaws-eusc.eu"),
]  # fmt: skip
KEYS = StaticKeys("me", "AKIADUMMY", "secret", None)


def role(partition: str = "aws", region: str = "us-east-1") -> Profile:
    return Profile("dev", f"arn:{partition}:iam::{ACCOUNT}:role/dev", KEYS, Endpoint(region))


def permission_set(
    region: str = "eu-west-1", start_url: str = "https://x.awsapps.com/start", role_name: str = "Admin"
) -> PermissionSet:
    login = IdentityCenterLogin(start_url, "corp", "token.json", "log in", LoginService(region))
    return PermissionSet("dev", ACCOUNT, role_name, login)


def query(url: str) -> Mapping[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}


@pytest.mark.parametrize(("partition", "region", "sign_in", "console"), HOSTS)
def test_each_partition_has_its_own_hosts(partition: str, region: str, sign_in: str, console: str) -> None:
    assert console_url.sign_in(partition) == f"https://{sign_in}"
    home = console_url.home(partition, region)
    assert home == f"https://{console}/console/home?region={region}"
    assert console_url.of_service(partition, region, "s3") == f"https://{console}/s3/home?region={region}"
    assert console_url.destination(partition, region, "/s3/x#y") == f"https://{console}/s3/x#y"
    assert console_url.destination(partition, region, home) == home
    assert urlsplit(console_url.login(f"https://{sign_in}", home, "t")).netloc == sign_in


def test_a_partition_whose_console_is_not_known_is_said() -> None:
    for ask in (console_url.sign_in, lambda p: console_url.home(p, "us-iso-east-1")):
        with pytest.raises(ConfigurationError, match="the console of partition aws-iso is not known; use a profile of"):
            ask("aws-iso")


@pytest.mark.parametrize(
    ("profile", "partition"),
    [
        (role(), "aws"),
        (role("aws-cn", "cn-north-1"), "aws-cn"),
        (role("aws-us-gov"), "aws-us-gov"),  # whatever the region says
        (Profile("dev", None, permission_set("us-gov-west-1"), Endpoint("us-east-1")), "aws-us-gov"),
        (Profile("dev", None, permission_set("xx-new-1"), Endpoint("cn-north-1")), "aws-cn"),
        (Profile("dev", None, CredentialProcess("dev", "x"), Endpoint("eusc-de-east-1")), "aws-eusc"),
        (Profile("dev", None, CredentialProcess("dev", "x"), Endpoint("local")), "aws"),
    ],
)
def test_the_partition_is_that_of_the_role_or_the_login_else_of_the_region(profile: Profile, partition: str) -> None:
    assert console_url.partition(profile) == partition


@pytest.mark.parametrize(
    ("who", "partition"), [(f"arn:aws-cn:iam::{ACCOUNT}:user/me", "aws-cn"), ("a-name-of-a-test", "aws")]
)
def test_of_a_console_login_it_is_that_of_who_logged_in(who: str, partition: str) -> None:
    login = ConsoleLogin("dev", who, "token.json", "log in", LoginService("us-east-1"))
    assert console_url.partition(Profile("dev", None, login, Endpoint("us-east-1"))) == partition


def test_the_region_is_the_one_that_is_asked_for_else_the_profile_s() -> None:
    assert console_url.region(role(region="eu-west-3"), "aws", None) == "eu-west-3"
    assert console_url.region(role(region="eu-west-3"), "aws", "us-west-2") == "us-west-2"
    assert console_url.region(role(), "aws", "xx-new-1") == "xx-new-1"  # one that AWS does not have yet
    assert console_url.region(role("aws-cn", "eu-west-3"), "aws-cn", None) == "cn-north-1"


@pytest.mark.parametrize(
    ("region", "words"),
    [
        ("cn-north-1", "--region cn-north-1 is of partition aws-cn, and the profile of aws"),
        ("eu west", "--region: the region eu west is not valid"),
        ("evil.example.com/", "--region: the region evil.example.com/ is not valid"),
        ("", "--region: the region"),
    ],
)
def test_a_region_of_another_partition_or_that_is_none_is_refused(region: str, words: str) -> None:
    with pytest.raises(NotAPage, match=words):
        console_url.region(role(), "aws", region)


@pytest.mark.parametrize(
    ("name", "path"),
    [("s3", "s3"), ("S3", "s3"), ("cfn", "cloudformation"), ("ssm", "systems-manager"), ("dynamodb", "dynamodbv2"),
     ("sfn", "states"), ("route53", "route53/v2"), ("systems-manager", "systems-manager"),
     ("a-service-of-tomorrow", "a-service-of-tomorrow")],
)  # fmt: skip
def test_a_service_is_found_by_the_name_that_people_use(name: str, path: str) -> None:
    found = console_url.of_service("aws", "us-east-1", name)
    assert found == f"https://us-east-1.console.aws.amazon.com/{path}/home?region=us-east-1"


@pytest.mark.parametrize("name", ["", "s3/..", "../x", "s3?x=1", "s3#x", "s 3", "-s3", "s3\n", "ü", "a" * 65, "%2e%2e"])
def test_a_service_is_a_plain_word(name: str) -> None:
    with pytest.raises(NotAPage, match="is no service's name"):
        console_url.of_service("aws", "us-east-1", name)


@pytest.mark.parametrize(
    "url",
    ["https://console.aws.amazon.com", "https://console.aws.amazon.com/s3/home?region=eu-west-1#/x?y=z",
     "https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#Instances:search=a&b=c",
     "https://s3.console.aws.amazon.com/s3/buckets/a%20b", "HTTPS://Console.AWS.amazon.com/x"],
)  # fmt: skip
def test_a_page_of_the_console_is_taken_as_it_stands(url: str) -> None:
    assert console_url.destination("aws", "us-east-1", url) == url


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("https://evil.example.com/", "its host is evil.example.com, not console.aws.amazon.com"),
        ("https://console.aws.amazon.com.evil.example.com/", "no page of the console"),
        ("https://evilconsole.aws.amazon.com/", "no page of the console"),
        ("https://aws.amazon.com/", "no page of the console"),
        ("https://signin.aws.amazon.com/x", "no page of the console"),
        ("https://console.amazonaws.cn/s3", "is a page of partition aws-cn, and the profile is of aws"),
        ("https://x.console.amazonaws-us-gov.com/", "is a page of partition aws-us-gov"),
        ("https://console.aws.amazon.com@evil.example.com/", "neither a URL"),
        ("https://me:pw@console.aws.amazon.com/", "neither a URL"),
        ("https://console.aws.amazon.com:8443/", "neither a URL"),
        ("https://[console.aws.amazon.com/", "neither a URL"),
        ("http://console.aws.amazon.com/", "neither a URL"),
        ("javascript:alert(1)", "neither a URL"),
        ("//evil.example.com/x", "neither a URL"),
        ("s3/home", "neither a URL with https:// nor a path with a slash in front"),
        ("", "neither a URL"),
        ("/\\evil.example.com", "a backslash"),
        ("https://evil.example.com\\.console.aws.amazon.com/", "a backslash"),
        ("/a b", "a blank"),
        ("/a\nb", "a control character"),
        ("/a\u202eb", "a control character"),
        ("https://console.aws.amazon.com\u3002evil.example.com/", "neither a URL"),
    ],
)
def test_a_destination_elsewhere_is_refused(wanted: str, words: str) -> None:
    with pytest.raises(NotAPage, match=words):
        console_url.destination("aws", "us-east-1", wanted)


@pytest.mark.parametrize(
    "path", ["/s3/home?a=1&SigninToken=stolen&Action=x#frag", "/x%26y=+ü/'\"<>", "/a/../b", "/?Destination=/evil"]
)
def test_a_destination_is_one_value_of_the_login_page_whatever_is_in_it(path: str) -> None:
    page = console_url.destination("aws", "us-east-1", path)
    url = console_url.login("https://signin.aws.amazon.com/", page, "a+b/c=&d")
    assert url.startswith("https://signin.aws.amazon.com/federation?Action=login&")
    assert url.isascii()
    assert query(url) == {
        "Action": "login",
        "Issuer": "assume-helper",
        "Destination": f"https://us-east-1.console.aws.amazon.com{path}",
        "SigninToken": "a+b/c=&d",
    }


@pytest.mark.parametrize(
    "start_url",
    ["https://x.awsapps.com/start", "https://x.awsapps.com/start/", "https://x.awsapps.com/start/#/",
     "https://x.awsapps.com/start#", "https://x.awsapps.com/start?a=b"],
)  # fmt: skip
def test_the_portal_s_link_is_made_of_the_start_url(start_url: str) -> None:
    link = console_url.of_portal(permission_set(start_url=start_url), None)
    assert link == f"https://x.awsapps.com/start/#/console?account_id={ACCOUNT}&role_name=Admin"


def test_the_portal_s_link_has_the_destination_as_one_value() -> None:
    page = console_url.destination("aws", "us-east-1", "/s3/home?a=1&role_name=x")
    link = console_url.of_portal(permission_set(role_name="a+b=c,d.e@f-g"), page)
    fragment = urlsplit(link).fragment
    assert fragment.startswith("/console?")
    assert query(fragment) == {"account_id": ACCOUNT, "role_name": "a+b=c,d.e@f-g", "destination": page}


def test_a_partition_s_region_is_the_profile_s_where_its_name_says_nothing() -> None:
    profile = replace(role(), endpoint=Endpoint("local", "http://127.0.0.1:1"))
    assert console_url.region(profile, "aws", None) == "local"
