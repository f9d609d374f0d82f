"""What is to be run to change variables, in the shells of each system."""

import pytest

from assume_helper.doctor import variable_change


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_a_posix_shell_unsets_and_exports(platform: str) -> None:
    assert variable_change.clearing("A", "B", platform=platform) == "unset A B"
    assert variable_change.copying("A", "B", platform) == 'export B="$A"'


def test_on_windows_it_is_said_for_powershell_and_for_cmd() -> None:
    cleared = 'Remove-Item Env:A, Env:B (in cmd: set "A=" & set "B=")'
    assert variable_change.clearing("A", "B", platform="win32") == cleared
    assert variable_change.copying("A", "B", "win32") == '$Env:B = $Env:A (in cmd: set "B=%A%")'
