"""The stand-in of the federation endpoint is as strict as the service: who signs in, how, for how long, and where."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
import requests
from identity_center import Center
from issued_keys import Keys

HOME = "https://console.aws.amazon.com/console/home"
HOUR = timedelta(hours=1)


def role(center: Center) -> Keys:
    return center.issuer.issue(HOUR, of_role=True, permission_set=("123456789012", "Admin"))


def session(keys: Keys, **fields: object) -> str:
    found = {"sessionId": keys.access_key_id, "sessionKey": keys.secret_access_key, "sessionToken": keys.session_token}
    return json.dumps(found | fields)


def post(center: Center, text: str, **fields: str) -> requests.Response:
    form = {"Action": "getSigninToken", "Session": text} | fields
    return requests.post(center.server.url("signin") + "/federation", data=form, timeout=30)


def get(center: Center, **query: str) -> requests.Response:
    return requests.get(center.server.url("signin") + "/federation", params=query, timeout=30)


def log_in(center: Center, token: str, destination: str = HOME, **query: str) -> requests.Response:
    return get(center, **({"Action": "login", "Issuer": "x", "Destination": destination, "SigninToken": token} | query))


def token(center: Center, **fields: str) -> str:
    answer = post(center, session(role(center)), **fields)
    assert answer.status_code == 200, center.signin.federation.refused
    return str(answer.json()["SigninToken"])


def why(center: Center, answer: requests.Response) -> str:
    """Why it was refused: with a page, as AWS does."""
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")
    return center.signin.federation.refused[-1]


def test_who_signed_in_is_on_the_page_and_the_token_was_good_once(center: Center) -> None:
    given = token(center, SessionDuration="900")
    assert "Signed in as 123456789012/Admin" in log_in(center, given).text
    assert "the sign-in token is not good" in why(center, log_in(center, given))


def test_a_token_is_good_for_15_minutes(center: Center) -> None:
    given = token(center)
    center.now = lambda: datetime.now(UTC) + timedelta(minutes=15)
    assert "not any more" in why(center, log_in(center, given))


@pytest.mark.parametrize("text", ["", "1", "[]", "{}", '{"sessionId": "a", "sessionKey": "b"}'])
def test_a_session_is_an_object_with_three_fields(center: Center, text: str) -> None:
    assert "Session is no object" in why(center, post(center, text))


def test_credentials_are_the_ones_that_were_given(center: Center) -> None:
    keys = role(center)
    assert "are not known" in why(center, post(center, session(keys, sessionKey="another")))
    assert "are not known" in why(center, post(center, session(keys, sessionToken="another")))
    assert "another field" in why(center, post(center, session(keys, more="x")))
    center.now = lambda: datetime.now(UTC) + HOUR
    assert "have expired" in why(center, post(center, session(keys)))


def test_a_user_s_own_session_cannot_sign_in_and_a_federated_one_can(center: Center) -> None:
    user = center.issuer.issue(HOUR, of_role=False)
    assert "a user's own session" in why(center, post(center, session(user)))
    federated = center.issuer.federate(HOUR)
    assert post(center, session(federated)).status_code == 200
    assert "not for these credentials" in why(center, post(center, session(federated), SessionDuration="900"))


@pytest.mark.parametrize("seconds", ["899", "43201", "-1", "1h", ""])
def test_a_duration_is_900_to_43200_seconds(center: Center, seconds: str) -> None:
    why(center, post(center, session(role(center)), SessionDuration=seconds))


def test_a_secret_in_a_url_is_refused(center: Center) -> None:
    text = session(role(center))
    assert why(center, get(center, Action="getSigninToken", Session=text)) == "a secret is in a URL"
    url = f"{center.server.url('signin')}/federation?{urlencode({'Session': text})}"
    answer = requests.post(url, data={"Action": "getSigninToken"}, timeout=30)
    assert why(center, answer) == "a form's request has a query"
    answer = requests.post(url.partition("?")[0], json={"Action": "getSigninToken", "Session": text}, timeout=30)
    assert why(center, answer) == "it is no form"


@pytest.mark.parametrize(
    "destination",
    ["https://evil.example.com/", "https://console.aws.amazon.com.evil.example.com/", "http://console.aws.amazon.com/",
     "https://console.amazonaws.cn/", ""],
)  # fmt: skip
def test_a_destination_is_in_the_console_of_the_partition(center: Center, destination: str) -> None:
    why(center, log_in(center, token(center), destination))
    assert center.signin.federation.sign_ins == []


def test_a_login_has_an_issuer_and_nothing_that_is_not_known(center: Center) -> None:
    for more in ({"Issuer": ""}, {"Action": "logout"}, {"More": "x"}):
        assert "it is no login" in why(center, log_in(center, token(center), **more))
