"""What PHP's SDK reads in another way than all others."""

from pathlib import Path

from doctor_checks import GOOD, PROCESS, loaded, one

from assume_helper.doctor import php, sdk_precedence


def test_a_plain_profile_is_fine(tmp_path: Path) -> None:
    assert php.examine(loaded(tmp_path), ["dev"]) == []


def test_default_of_the_config_is_not_read(tmp_path: Path) -> None:
    text = GOOD.replace("[profile dev]", "[default]")
    config = loaded(tmp_path, text)
    one(php.examine(config, config.config_profiles), "warn", "PHP does not read [default]", "[profile default]")
    fine = loaded(tmp_path, f"[default]\n{PROCESS.replace('get dev', 'get default')}")
    one(sdk_precedence.profile(fine, "default", {}), "ok", "every SDK but PHP runs")
    renamed = loaded(tmp_path, f"[profile default]\n{PROCESS.replace('get dev', 'get default')}")
    assert php.examine(renamed, renamed.config_profiles) == []
    one(sdk_precedence.profile(renamed, "default", {}), "ok", "every SDK runs")


def test_a_name_with_blanks_is_another_one(tmp_path: Path) -> None:
    config = loaded(tmp_path, GOOD.replace("[profile dev]", '[profile "my dev"]'))
    one(php.examine(config, ["my dev"]), "warn", "takes a name with blanks", "without blanks and quotes")
    assert not php.finds(config, "my dev")


def test_the_line_that_php_cannot_read_is_named_and_not_shown(tmp_path: Path) -> None:
    config = loaded(tmp_path, f"{GOOD}assume_helper_session_tags = team=a\n")
    check = one(php.examine(config, ["dev"]), "warn", "line 5 has = outside of double quotes", "in double quotes")
    assert "team" not in check.what


def test_a_config_without_a_process_is_not_looked_at(tmp_path: Path) -> None:
    config = loaded(tmp_path, "[profile dev]\nregion = a=b\n")
    assert php.examine(config, ["dev"]) == []
