"""The errors, and their exit codes."""

import pytest

from assume_helper import errors
from assume_helper.errors import AssumeHelperError

EXIT_CODES = {
    errors.AssumeHelperError: 1,
    errors.ConfigurationError: 3,
    errors.SourceError: 4,
    errors.SourceExpired: 4,
    errors.TokenNotTaken: 4,
    errors.SourceRefused: 4,
    errors.SourceNotKnown: 4,
    errors.SettingFault: 3,
    errors.OptionNotTaken: 2,
    errors.InternalFault: 1,
    errors.UnknownProfile: 3,
    errors.ChangedMeanwhile: 3,
    errors.UnknownRegion: 3,
    errors.MFARequired: 5,
    errors.MFANotGiven: 5,
    errors.MFACodeRefused: 6,
    errors.STSRefused: 6,
    errors.STSNotReached: 7,
    errors.STSNotConnected: 7,
    errors.STSThrottled: 7,
    errors.MachineFault: 1,
    errors.STSUnavailable: 7,
    errors.ProgramNotFound: 127,
    errors.ProgramNotRunnable: 126,
}


@pytest.mark.parametrize(("kind", "code"), EXIT_CODES.items())
def test_each_error_has_its_exit_code(kind: type[AssumeHelperError], code: int) -> None:
    assert kind("it failed", "mend it").exit_code == code


def test_the_table_of_exit_codes_is_the_whole_tree() -> None:
    tree = [AssumeHelperError]
    for kind in tree:
        tree.extend(kind.__subclasses__())
    # A module's own private kind is told apart there alone.
    assert {kind for kind in tree if not kind.__name__.startswith("_")} == set(EXIT_CODES)


def test_an_error_reads_as_what_happened_and_what_to_do_next() -> None:
    error = errors.ConfigurationError("the key is missing", "add it")
    assert (error.message, error.next_step) == ("the key is missing", "add it")
    assert str(error) == "the key is missing; add it"


def test_a_source_that_has_run_out_is_a_source_error_and_a_throttled_sts_is_one_not_reached() -> None:
    assert issubclass(errors.SourceExpired, errors.SourceError)
    assert issubclass(errors.STSThrottled, errors.STSNotReached)


def test_a_refusal_is_never_taken_for_an_sts_that_was_not_reached() -> None:
    assert not issubclass(errors.STSRefused, errors.STSNotReached)


def test_only_a_no_deletes_what_is_cached_and_only_what_is_asked_wrongly_keeps_it_back() -> None:
    deleting = {kind for kind in EXIT_CODES if kind.cached == "deleted"}
    assert deleting == {errors.STSRefused, errors.SourceRefused, errors.SourceNotKnown}
    keeping = {kind for kind in EXIT_CODES if kind.cached == "kept"}
    assert keeping == {
        errors.ConfigurationError,
        errors.UnknownProfile,
        errors.ChangedMeanwhile,
        errors.OptionNotTaken,
    }


def test_only_what_sts_says_to_everybody_is_shared_with_everybody() -> None:
    shared = {kind for kind in EXIT_CODES if kind.is_shared}
    assert shared == {errors.UnknownProfile, errors.STSRefused, errors.STSThrottled, errors.STSUnavailable}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ImportError("x", name="botocore.auth"), "botocore.auth cannot be loaded (ImportError at "),
        (ImportError("x", name="no name \x1b"), "a library cannot be loaded"),
        (ModuleNotFoundError(), "a library cannot be loaded"),
        (OSError(28, "No space left on device", "/a/secret/path"), "(No space left on device, OSError at "),
        (OSError("text"), "internal error (OSError at "),
        (ValueError("a-secret"), "internal error (ValueError at "),
    ],
)
def test_an_error_that_nobody_expects_says_its_kind_and_its_place_and_not_its_text(
    error: Exception, words: str
) -> None:
    fault = errors.internal_fault(error)
    assert words in fault.message
    assert "secret" not in str(fault)
    try:
        raise error
    except type(error):
        assert "test_errors.py:" in str(errors.internal_fault(error))
