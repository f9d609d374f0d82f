"""`login` with a real browser: Chromium, without a window, is asked, says yes, and shows that one is logged in."""

import chromium
import pytest
from front import wait_for
from identity_center import Center
from logging_in import configured, token
from needs import needs_chromium
from running import Home

# Not even a first start of a browser on a busy machine takes as many seconds.
_STARTED = 120


@needs_chromium
@pytest.mark.parametrize("approves", [True, False])
def test_a_real_browser_logs_in(home: Home, center: Center, approves: bool) -> None:
    configured(home, center)
    center.oidc.asks, center.oidc.approves = True, approves
    ran = home.run("login", "dev", **chromium.variable(home.folder))
    wait_for(chromium.page(home.folder).exists, _STARTED)
    text = chromium.page(home.folder).read_text()
    assert "You can close this page." in text
    if approves:
        assert ran.code == 0, ran.stderr
        assert "<h1>You are logged in</h1>" in text
        assert token(home)["refreshToken"]
        assert home.get("dev")
    else:
        assert ran.code == 4, ran.stderr
        assert "<h1>You are not logged in</h1>" in text
        assert "was denied in the browser" in ran.stderr
    assert center.malformed == []
