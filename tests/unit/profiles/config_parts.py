"""Parts of a config that the tests of a profile's chain and of its kind put together."""

# A role whose source profile is `here`, which the rest of the text is about.
SOURCE = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = here\n[profile here]\n"
KEY = "aws_access_key_id = AKIAHERE\naws_secret_access_key = s\n"
PROCESS = "credential_process = vault login\n"
HUB = "role_arn = ROLE/hub\nsource_profile = base\n"
BASE = "\n[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n"
