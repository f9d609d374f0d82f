"""A login to the AWS console: the AWS CLI's `aws login` makes it, with a config file of ours.

`aws login` refuses a profile that has a credential_process, a role or any other credentials, and asks about a profile
whose login is another person's. So it is given one that has the login session and a region, and nothing else.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping

from assume_helper.errors import SourceError
from assume_helper.logins import login_errors, state
from assume_helper.profiles.login import ConsoleLogin
from assume_helper.system import environment
from assume_helper.system.context import Clock
from assume_helper.text import printable

_PROFILE = "assume-helper"
# The first version that has the command.
_FIRST_VERSION = "2.32"
# What the AWS CLI exits with for a command that it does not know.
_USAGE = (2, 252)


def log_in(login: ConsoleLogin, environ: Mapping[str, str], clock: Clock, *, is_remote: bool) -> None:
    """Run `aws login`; it has this process's terminal, and writes the token file. `is_remote`: without a browser here.

    Raises SourceError where the AWS CLI is not there, fails, or has logged in somebody else.
    """
    program = shutil.which("aws", path=environ.get("PATH", os.defpath))
    name = login_errors.name(login)
    install = f"install AWS CLI {_FIRST_VERSION} or newer, then run: {login.command}"
    if program is None:
        raise SourceError(
            f"the console login of {name} is made by the AWS CLI (`aws login`), which is not here", install
        )
    words = [program, "login", "--profile", _PROFILE, *(["--remote"] if is_remote else [])]
    with tempfile.TemporaryDirectory(prefix="assume-helper-") as folder:  # 0700
        config = os.path.join(folder, "config")
        with open(config, "w", encoding="utf-8") as file:
            file.write(
                f"[profile {_PROFILE}]\nregion = {login.service.region}\nlogin_session = {login.login_session}\n"
            )
        found = environment.for_child(environ)
        found |= {"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": os.path.join(folder, "credentials")}
        try:
            # What it says is for the person: standard output is the caller's.
            code = subprocess.run(words, env=found, stdout=2, check=False).returncode
        except OSError as error:
            what = f"`aws login` cannot be started for {name}: {printable(program)} ({error.strerror})"
            raise SourceError(what, install) from None
    if code:
        raise SourceError(
            f"`aws login` has failed for {name} (exit {code}); it says why",
            install if code in _USAGE else f"to try again, run: {login.command}",
        )
    found_state = state.of(login, clock.now())
    if found_state.problem is not None:
        raise SourceError(
            f"`aws login` has left no login of {printable(login.login_session, 160)}",
            f"log in as that user, or correct login_session of [{printable(login.profile, 64)}]",
        )
