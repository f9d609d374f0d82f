"""boto3 with the file cache that it can be given: the role is assumed once, and read from disk from then on."""

import json
import sys

import boto3
import botocore.session
from botocore.utils import JSONFileCache

session = botocore.session.Session(profile=sys.argv[1])
session.get_component("credential_provider").get_provider("assume-role").cache = JSONFileCache()
credentials = boto3.Session(botocore_session=session).get_credentials()
assert credentials is not None
found = credentials.get_frozen_credentials()
document = {"AccessKeyId": found.access_key, "SecretAccessKey": found.secret_key, "SessionToken": found.token}
print(json.dumps({"Version": 1, **document}))
