"""GetScopedCredentials in the model of STS is botocore's own, and what it asks and reads is what that has.

`get_scoped_credentials.json` is the operation, with all its shapes, of the model in botocore 1.44.8, without the texts.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from scoped_sts import reply

from assume_helper.profiles.role import Endpoint
from assume_helper.sts import client, scoped_model
from assume_helper.sts.request import GET_SCOPED_CREDENTIALS
from assume_helper.system import sdk_client

NEWER: dict[str, Any] = json.loads((Path(__file__).parent / "get_scoped_credentials.json").read_text(encoding="utf-8"))
INSTALLED: dict[str, Any] = Loader().load_data("sts/2011-06-15/service-2")


def without_texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: without_texts(each) for key, each in value.items() if key != "documentation"}
    return [without_texts(each) for each in value] if isinstance(value, list) else value


def without_operation(described: Mapping[str, Any]) -> dict[str, Any]:
    """The model as one that is older has it."""
    operations = {name: each for name, each in described["operations"].items() if name != GET_SCOPED_CREDENTIALS}
    gone = {name for name in NEWER["shapes"] if "Scoped" in name or name.startswith(("scoped", "Insufficient"))}
    shapes = {name: each for name, each in described["shapes"].items() if name not in gone}
    return {**described, "operations": operations, "shapes": shapes}


@pytest.mark.parametrize("model", [INSTALLED, without_operation(INSTALLED)], ids=["installed", "older"])
def test_the_completed_model_has_what_botocore_s_own_has(model: dict[str, Any]) -> None:
    found = scoped_model.completed(model)
    operation = NEWER["operations"][GET_SCOPED_CREDENTIALS]
    assert without_texts(found["operations"][GET_SCOPED_CREDENTIALS]) == operation
    for name, shape in NEWER["shapes"].items():
        # the longest source identity is longer in the newer one: no answer is measured
        longest = {"max": shape["max"]} if name == "sourceIdentityType" else {}
        assert {**without_texts(found["shapes"][name]), **longest} == shape, name
    assert found["operations"].keys() == {*INSTALLED["operations"], GET_SCOPED_CREDENTIALS}


def test_what_is_added_is_botocore_s_own_and_nothing_else() -> None:
    assert NEWER["operations"][GET_SCOPED_CREDENTIALS] == scoped_model._OPERATION
    assert {name: NEWER["shapes"][name] for name in scoped_model._SHAPES} == scoped_model._SHAPES


def test_a_model_that_has_the_operation_is_left_as_it_is() -> None:
    newer = {"operations": NEWER["operations"], "shapes": NEWER["shapes"]}
    assert scoped_model.completed(newer) is newer


def test_the_installed_model_is_not_changed() -> None:
    before = json.dumps(INSTALLED, sort_keys=True)
    scoped_model.completed(INSTALLED)
    assert json.dumps(INSTALLED, sort_keys=True) == before


def test_only_a_client_for_this_call_has_it() -> None:
    endpoint = Endpoint("eu-west-1")
    of_others = client.client(endpoint, None).connection.model
    assert list(of_others.operation_names) == list(INSTALLED["operations"])
    of_this = client.client(endpoint, None, GET_SCOPED_CREDENTIALS).connection.model
    assert GET_SCOPED_CREDENTIALS in of_this.operation_names


def test_an_answer_is_read_whole() -> None:
    ends = datetime(2030, 1, 1, tzinfo=UTC)
    secret, token, answer = reply("ASIASCOPED0000000000", ends, "123456789012")
    model = sdk_client.service_model("sts/2011-06-15", scoped_model.completed)
    found = sdk_client.read_answer(model, GET_SCOPED_CREDENTIALS, 200, {}, answer.body)
    assert found["Credentials"] == {
        "AccessKeyId": "ASIASCOPED0000000000",
        "SecretAccessKey": secret,
        "SessionToken": token,
        "Expiration": ends,
    }
    assert found["SessionInfo"]["Arn"].startswith("arn:aws:sts::123456789012:assumed-role/")
    assert found["ScopedPoliciesCount"] == 1
