"""The matrix of clients: what was measured last, of every client in the suite, without a hole."""

import re
from pathlib import Path

from conformance import matrix
from conformance.checks import CHECKS
from conformance.clients import CLIENTS

from assume_helper.doctor import sdk_precedence

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_has_the_matrix_that_was_measured() -> None:
    shown = matrix.PAGE.read_text(encoding="utf-8").partition(matrix.BEGIN)[2].partition(matrix.END)[0]
    assert shown == matrix.table(matrix.kept())


def test_every_client_and_every_check_is_in_it_and_none_has_failed() -> None:
    assert list(matrix.kept()) == [client.name for client in CLIENTS]
    assert matrix.holes(matrix.kept(), list(CLIENTS)) == []
    assert all(list(row.cells) == list(CHECKS) for row in matrix.kept().values())


def test_doctor_names_the_clients_that_find_names_in_ascii_only() -> None:
    kept = matrix.kept()
    found = [client.label for client in CLIENTS if "ASCII names" in kept[client.name].cells.values()]
    assert sorted(found) == sorted(sdk_precedence.ASCII_ONLY)


def test_the_versions_are_those_that_the_folders_say() -> None:
    for client in CLIENTS:
        where, expression = client.version
        if isinstance(where, str):
            found = re.search(expression, (client.path / where).read_text(encoding="utf-8"), flags=re.M)
            assert found is not None, client.name
            assert matrix.kept()[client.name].version == found.group(1), client.name


def test_every_example_says_in_a_few_lines_what_it_is_and_how_it_is_run() -> None:
    for client in CLIENTS:
        lines = (client.path / "README.md").read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("# "), client.name
        assert 4 <= len(lines) <= 8, client.name
        assert "run.sh" in "\n".join(lines) or "list_buckets" in "\n".join(lines), client.name
