"""`exec --sandbox`: what of Git its program cannot have run outside, and what the user is told of."""

import os
from collections.abc import Iterator

import pytest
from needs import needs_sandbox
from sandbox_host import READ_ONLY, Host, git, host, started, written

pytestmark = needs_sandbox


@pytest.fixture
def machine() -> Iterator[Host]:
    with host() as found:
        yield found


@pytest.fixture
def repository(machine: Host) -> Host:
    """A repository in the working directory, with a commit and a hook."""
    git(machine, "init", "-q")
    git(machine, "commit", "-q", "--allow-empty", "-m", "first")
    hooks = machine.work / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "pre-commit").write_text("#!/bin/sh\n")
    return machine


TAKEN = """
    echo x > .git/hooks/pre-commit
    echo x > .git/hooks/post-commit
    rm .git/hooks/pre-commit
    mv .git/hooks .git/old
    rmdir .git/hooks
    mv .git old
    rm -rf .git
    git config core.hooksPath own
    echo x >> .git/config
    mv .git/config .git/old
    rm .git/config
    ln -sf /tmp/config .git/config
"""


def test_the_hooks_and_the_config_of_git_cannot_be_changed(repository: Host) -> None:
    """Nor anything be put in their place: Git would run it later, outside."""
    hook, config = (repository.work / ".git" / name for name in ("hooks/pre-commit", "config"))
    before = hook.read_text(), config.read_text()
    script = TAKEN.replace("rm -rf .git\n", "rm -rf .git/hooks\n")
    assert 0 not in written(repository, script)
    assert (hook.read_text(), config.read_text()) == before
    assert not (repository.work / "old").exists()


def test_git_can_commit(repository: Host) -> None:
    (repository.work / "file").write_text("x")
    script = "git add file && git -c user.name=it -c user.email=it@example.com commit -q -m second\ngit branch other"
    assert written(repository, script) == [0, 0]
    assert "second" in repository.outside("git", "log", "--oneline").stdout.decode()


@pytest.mark.parametrize("is_repository", [True, False])
def test_hooks_that_are_not_there_cannot_be_made(machine: Host, is_repository: bool) -> None:
    if is_repository:
        git(machine, "init", "-q", "--template=")
        assert not (machine.work / ".git" / "hooks").exists()
    script = """
        mkdir -p .git/hooks/x
        echo x > .git/hooks/pre-commit
        mv .git old
        rmdir .git
        ln -sT /tmp/x .git
        git init .
    """
    assert 0 not in written(machine, script)
    left = os.listdir(machine.work / ".git") if is_repository else os.listdir(machine.work)
    assert "hooks" not in left
    assert is_repository or left == []


def test_another_sandbox_that_ends_takes_no_protection_away(machine: Host) -> None:
    """It has the same empty directory in the place of `.git`, and removes it when nobody needs it any more."""
    with started(machine, "echo; read line; mkdir -p .git/hooks; git init . ; ls -A .git") as process:
        assert written(machine, "mkdir -p .git/hooks\ngit init .") == [1, 128]
        assert process.communicate(b"\n", timeout=60)[0] == b""
    assert os.listdir(machine.work) == []


def test_a_config_that_is_not_there_cannot_be_made(repository: Host) -> None:
    git(repository, "config", "extensions.worktreeConfig", "true")
    script = """
        echo x > .git/config.worktree
        git config --worktree core.hooksPath own
    """
    assert 0 not in written(repository, script)
    (repository.work / ".git" / "config").unlink()
    assert 0 not in written(repository, "echo x > .git/config\ngit config core.hooksPath own")


def test_a_worktree_s_repository_cannot_be_changed(repository: Host) -> None:
    tree = repository.home.folder / "tree"
    git(repository, "worktree", "add", "-q", str(tree))
    hooks = repository.work / ".git" / "hooks"
    script = f"""
        echo 'gitdir: {tree}/own' > .git
        rm .git
        mv .git old
        echo x > {hooks}/pre-commit
        git config core.hooksPath own
    """
    assert 0 not in written(repository, script, cwd=tree)


def test_a_submodule_s_hooks_cannot_be_changed(repository: Host) -> None:
    other = repository.home.folder / "other"
    other.mkdir()
    git(repository, "init", "-q", cwd=other)
    git(repository, "commit", "-q", "--allow-empty", "-m", "first", cwd=other)
    git(repository, "submodule", "--quiet", "add", str(other), "libs/sub")
    module = repository.work / ".git" / "modules" / "libs" / "sub"
    assert (module / "config").exists()
    script = f"""
        mkdir -p {module}/hooks && echo x > {module}/hooks/pre-commit
        git -C libs/sub config core.hooksPath own
        mv .git/modules/libs .git/modules/old
        mv .git/modules .git/old
    """
    assert 0 not in written(repository, script)


@pytest.mark.parametrize("is_there", [True, False])
def test_hooks_in_the_working_tree_cannot_be_changed(repository: Host, is_there: bool) -> None:
    """As husky has them: the config names a folder beside the sources."""
    git(repository, "config", "core.hooksPath", ".husky/_")
    if is_there:
        (repository.work / ".husky" / "_").mkdir(parents=True)
        (repository.work / ".husky" / "_" / "pre-commit").write_text("#!/bin/sh\n")
    script = """
        mkdir -p .husky/_ && echo x > .husky/_/pre-commit
        mv .husky/_ old
        mv .husky old && mkdir -p .husky/_ && echo x > .husky/_/pre-commit
    """
    assert 0 not in written(repository, script)
    assert (repository.work / ".husky").exists() == is_there


@pytest.mark.parametrize("path", [".git", ".git/hooks", ".git/config"])
def test_a_link_in_the_way_to_the_hooks_is_refused(repository: Host, path: str) -> None:
    found = repository.work / path
    moved = repository.work / "moved"
    found.rename(moved)
    found.symlink_to(moved)
    repository.inside("true").failed(3, f"{found} is a symbolic link", "in its place")


def test_a_program_that_leads_git_elsewhere_is_told_of(repository: Host) -> None:
    """Git needs to write to its folder, and this file there would give it other hooks."""
    ran = repository.inside("sh", "-c", "echo /tmp/x > .git/commondir")
    assert ran.code == 0
    assert "made or changed while the program ran: /mnt/home/project/.git/commondir; look" in ran.stderr
    assert repository.inside("true", options=(READ_ONLY,)).stderr == ""  # it is the user's by now
