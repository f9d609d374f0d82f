"""`console` with a real browser: Chromium, without a window, is sent to the sign-in page and shows who is signed in."""

import shlex

import pytest
from federation_service import SignedIn
from front import Front, wait_for
from identity_center import Center
from kind_scenes import NAME, Scene
from needs import needs_chromium
from running import Home

# Not even a first start of a browser on a busy machine takes as many seconds.
_STARTED = 120


@needs_chromium
@pytest.mark.parametrize("arguments", [[], ["--service", "s3", "--duration", "3600"]])
def test_a_real_browser_is_signed_in(home: Home, center: Center, offline_front: Front, arguments: list[str]) -> None:
    scene = Scene(home, center, offline_front, "permission set")
    page, program = home.folder / "page.html", home.folder / "chromium-without-a-window"
    options = (
        "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-background-networking "
        f"--user-data-dir={shlex.quote(str(home.folder / 'chromium'))} --dump-dom"
    )
    # The page is there under its name when it is whole.
    program.write_text(f'#!/bin/sh\nchromium {options} "$1" >"{page}.part" 2>/dev/null && mv "{page}.part" "{page}"\n')
    program.chmod(0o700)
    ran = home.run("console", NAME, *arguments, BROWSER=f"{shlex.quote(str(program))} %s")
    assert (ran.code, ran.stdout) == (0, b""), ran.stderr
    wait_for(page.exists, _STARTED)
    where = "s3" if arguments else "console"
    destination = f"https://us-east-1.console.aws.amazon.com/{where}/home?region=us-east-1"
    seconds = 3600 if arguments else None
    assert center.signin.federation.sign_ins == [
        SignedIn("123456789012/ReadOnly", destination, seconds, "assume-helper")
    ]
    assert center.signin.federation.refused == []
    text = page.read_text()
    assert "<h1>Signed in as 123456789012/ReadOnly</h1>" in text
    assert destination in text
    assert scene.login is not None
