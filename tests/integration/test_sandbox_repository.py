"""`exec --sandbox`: what of Git its program cannot have run outside, and what the user is told of."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from built import ROOT
from needs import needs_sandbox
from sandbox_host import Host, git, host, started, written

pytestmark = needs_sandbox

IDENTITY = "-c user.name=it -c user.email=it@example.com"


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
    script = "git add file && git " + IDENTITY + " commit -q -m second\ngit branch other"
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


def with_submodule(repository: Host) -> Path:
    """The repository of a submodule that it has from now on."""
    other = repository.home.folder / "other"
    other.mkdir()
    git(repository, "init", "-q", cwd=other)
    git(repository, "commit", "-q", "--allow-empty", "-m", "first", cwd=other)
    git(repository, "submodule", "--quiet", "add", str(other), "libs/sub")
    module = repository.work / ".git" / "modules" / "libs" / "sub"
    assert (module / "config").exists()
    return module


def test_a_submodule_s_hooks_cannot_be_changed(repository: Host) -> None:
    module = with_submodule(repository)
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


@pytest.mark.parametrize("path", [".git", ".git/hooks", ".git/config", ".git/modules", ".git/worktrees"])
def test_a_link_in_the_way_to_the_hooks_is_refused(repository: Host, path: str) -> None:
    """Through one of them to another folder, that one would be writable the next time."""
    found = repository.work / path
    moved = repository.work / "moved"
    if found.exists():
        found.rename(moved)
    found.symlink_to(moved)
    repository.inside("true").failed(3, f"{found} is a symbolic link", "in its place")


def test_what_leads_a_worktree_to_its_repository_cannot_be_changed(repository: Host) -> None:
    """With another `commondir` Git would run other hooks in that worktree."""
    tree = repository.home.folder / "tree"
    git(repository, "worktree", "add", "-q", str(tree))
    script = """
        echo /tmp/x > .git/worktrees/tree/commondir
        echo /tmp/x > .git/worktrees/tree/gitdir
        rm .git/worktrees/tree/commondir
        mv .git/worktrees/tree .git/worktrees/other
        mv .git/worktrees .git/other
    """
    assert 0 not in written(repository, script)
    git(repository, "commit", "-q", "--allow-empty", "-m", "there", cwd=tree)


def test_a_repository_that_a_file_names_in_the_folder_cannot_be_changed(machine: Host) -> None:
    (machine.work / "own").mkdir()
    git(machine, "init", "-q", "--separate-git-dir", str(machine.work / "own" / "repository"))
    (machine.work / "own" / "repository" / "hooks").mkdir(exist_ok=True)
    script = """
        echo 'gitdir: other' > .git
        echo x > own/repository/hooks/pre-commit
        git config core.fsmonitor own
        mv own/repository own/other
        mv own other
    """
    assert 0 not in written(machine, script)
    assert written(machine, "echo x > own/file\ngit -c user.name=i -c user.email=i@e commit --allow-empty -m x") == [
        0,
        0,
    ]


def test_a_repository_that_a_file_names_and_that_is_not_there_cannot_be_made(machine: Host) -> None:
    (machine.work / ".git").write_text("gitdir: own/repository\n")
    assert 0 not in written(machine, "mkdir -p own/repository\ngit init -q --bare own/repository\necho x > .git")
    assert os.listdir(machine.work) == [".git"]


def test_a_pipe_in_the_place_of_a_config_is_refused_and_not_waited_for(repository: Host) -> None:
    """As a program may leave one for the next run."""
    assert written(repository, "mkdir -p .git/modules/own && mkfifo .git/modules/own/config") == [0]
    repository.inside("true").failed(3, "cannot be protected")


@pytest.mark.parametrize("is_bare", [True, False])
def test_a_repository_s_own_folder_is_refused(machine: Host, is_bare: bool) -> None:
    """There the hooks are the program's."""
    git(machine, "init", "-q", *(["--bare"] if is_bare else []))
    folder = machine.work if is_bare else machine.work / ".git"
    machine.inside("true", cwd=folder).failed(3, "is a Git repository's own folder", "go to the folder of its files")
    (folder / "objects").rename(folder / "elsewhere")
    (folder / "commondir").write_text("elsewhere")
    machine.inside("true", cwd=folder).failed(3, "is a Git repository's own folder")


@pytest.mark.parametrize("is_there", [True, False])
def test_the_folder_of_hooks_is_found_from_a_folder_below(repository: Host, is_there: bool) -> None:
    """core.hooksPath is relative to the top of the tree, wherever Git is started."""
    git(repository, "config", "core.hooksPath", "sub/own/hooks")
    sub = repository.work / "sub"
    (sub / "own" / "hooks" if is_there else sub).mkdir(parents=True)
    script = """
        mkdir -p own/hooks && echo x > own/hooks/pre-commit
        mv own other && mkdir -p own/hooks && echo x > own/hooks/pre-commit
    """
    assert 0 not in written(repository, script, cwd=sub)
    assert written(repository, "echo x > file", cwd=sub) == [0]


def test_hooks_in_the_working_directory_itself_are_refused(repository: Host) -> None:
    git(repository, "config", "core.hooksPath", "sub")
    (repository.work / "sub").mkdir()
    repository.inside("true", cwd=repository.work / "sub").failed(3, "core.hooksPath is ", "a folder of their own")


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("is_moved", [True, False])
def test_what_a_hook_leads_to_in_the_tree_cannot_be_changed(repository: Host, is_there: bool, is_moved: bool) -> None:
    """Also where the folder of the hooks lies elsewhere."""
    hooks = repository.home.folder / "hooks" if is_moved else repository.work / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    if is_moved:
        git(repository, "config", "core.hooksPath", str(hooks))
    (hooks / "post-commit").symlink_to(os.path.relpath(repository.work / "scripts" / "hook", hooks))
    if is_there:
        (repository.work / "scripts").mkdir()
        (repository.work / "scripts" / "hook").write_text("#!/bin/sh\n")
    script = """
        mkdir -p scripts && echo x > scripts/hook
        mv scripts other && mkdir -p scripts && echo x > scripts/hook
        rm scripts/hook
    """
    assert 0 not in written(repository, script)


def test_a_file_that_the_config_includes_cannot_be_changed(repository: Host) -> None:
    (repository.work / "own").mkdir()
    for name in (".gitconfig", "own/more"):
        (repository.work / name).write_text("[user]\n\tname = me\n")
    git(repository, "config", "include.path", "../.gitconfig")
    git(repository, "config", "includeIf.onbranch:other.path", "../own/more")
    script = """
        git config -f .gitconfig core.fsmonitor own
        echo x >> .gitconfig
        rm .gitconfig
        echo x >> own/more
        mv own other
    """
    assert 0 not in written(repository, script)


def test_an_included_file_that_the_program_makes_is_told_of(repository: Host) -> None:
    git(repository, "config", "include.path", "../.gitconfig")
    assert told(repository, "touch file") == ""
    assert told(repository, "echo > .gitconfig") == f"{repository.work}/.gitconfig"


# What is told at the end


def told(machine: Host, script: str, cwd: Path | None = None) -> str:
    """What is said to be made or changed by the shell's `script` in the sandbox; "" where nothing is said."""
    ran = machine.inside("sh", "-c", script, cwd=cwd)
    assert ran.code == 0, ran.stderr
    return names_in(ran.stderr)


def names_in(said: str) -> str:
    if not said:
        return ""
    before, after = "assume-helper: warning: made or changed while the program ran: ", "; look at that before you use"
    assert said.startswith(before)
    assert said.count("\n") == 1
    return said.removeprefix(before).partition(after)[0]


def test_ordinary_work_is_not_told_of(repository: Host) -> None:
    (repository.work / ".git" / "hooks" / "pre-commit").chmod(0o700)
    script = f"""
        echo x > file && git add file && git {IDENTITY} commit -q -m second
        git checkout -q -b other && git tag some && mkdir folder && rm file && git gc -q
    """
    assert told(repository, script) == ""


def test_a_program_that_leads_git_elsewhere_is_told_of(repository: Host) -> None:
    """Git needs to write to its folder, and this file there would give it other hooks."""
    assert told(repository, "echo /tmp/x > .git/commondir") == f"{repository.work}/.git/commondir"
    assert told(repository, "true") == ""  # it is the user's by now
    assert told(repository, "echo /tmp/y > .git/commondir") == f"{repository.work}/.git/commondir"


def test_a_program_that_leads_git_elsewhere_in_a_submodule_is_told_of(repository: Host) -> None:
    module = with_submodule(repository)
    assert told(repository, f"echo /tmp/x > {module}/commondir") == f"{module}/commondir"
    new = module.with_name("new")
    script = f"git init -q --bare /tmp/b && cp -r /tmp/b {new}"
    assert f"{new}/config" in told(repository, script)


@pytest.mark.parametrize("file", [".git/config", ".git/hooks/pre-commit"])
def test_a_file_that_is_replaced_outside_and_then_changed_is_told_of(repository: Host, file: str) -> None:
    """The kernel takes the mount on a file away with it, as when `git push -u` outside writes a new config."""
    path = repository.work / file
    with started(repository, f"echo; read line; echo '# own' >> {file}") as process:
        if file == ".git/config":
            git(repository, "config", "branch.x.remote", "origin")
        err = process.communicate(b"\n", timeout=60)[1].decode()
    is_changed = path.read_text().endswith("# own\n")
    assert is_changed == (file == ".git/config")
    assert names_in(err.splitlines(keepends=True)[-1]) == str(path) if is_changed else "Read-only" in err


FSMONITOR = "git -C lib config core.fsmonitor 'touch /mnt/home/ran; false'"


def test_a_new_repository_below_is_told_of_and_the_advice_in_the_docs_runs_nothing(repository: Host) -> None:
    """Git looks into a submodule, and runs what that one's config names; nobody need have entered it."""
    script = f"git init -q lib; git -C lib {IDENTITY} commit -q --allow-empty -m x; {FSMONITOR}; git add lib 2>&1"
    assert told(repository, script) == f"{repository.work}/lib/.git"
    ran = repository.home.folder / "ran"
    advice = "git -c core.fsmonitor=false diff --ignore-submodules=all HEAD"
    assert advice in (ROOT / "docs" / "how-to" / "sandbox.md").read_text(encoding="utf-8")
    repository.outside(*advice.split())
    assert not ran.exists()
    repository.outside("git", "status")
    assert ran.exists()


def test_an_old_repository_below_is_told_of_when_its_config_changes(repository: Host) -> None:
    git(repository, "init", "-q", "lib")
    assert told(repository, "echo x > lib/file; git -C lib add file") == ""
    assert told(repository, FSMONITOR) == f"{repository.work}/lib/.git/config"


BARE = "git init -q --bare /tmp/b; cp -r /tmp/b/HEAD /tmp/b/objects /tmp/b/refs /tmp/b/config ."


def test_no_bare_repository_can_be_made_of_the_working_directory(machine: Host) -> None:
    ran = machine.inside("sh", "-c", f"{BARE} 2>/dev/null; ls; true")
    assert (ran.code, ran.stderr) == (0, "")
    assert b"refs" in ran.stdout
    assert sorted(os.listdir(machine.work)) == ["config", "objects", "refs"]
    assert b"not a git repository" in machine.outside("git", "status").stderr.encode()


def test_a_bare_repository_in_a_work_tree_is_told_of(repository: Host) -> None:
    """An empty HEAD in its place would be in the way of that name for Git inside."""
    sub = repository.work / "sub"
    sub.mkdir()
    assert told(repository, "git diff HEAD", cwd=sub) == ""
    assert told(repository, BARE, cwd=sub) == str(sub)


def test_a_folder_that_cannot_be_looked_into_is_told_of(machine: Host) -> None:
    """Git can open what is in it by its name."""
    script = f"mkdir closed && git init -q closed && git -C closed {FSMONITOR[11:]}; chmod 111 closed"
    assert told(machine, script) == f"{machine.work}/closed"
    assert machine.outside("ls", "closed").code != 0
    machine.outside("git", "-C", "closed", "status")
    assert (machine.home.folder / "ran").exists()


def test_what_is_told_is_safe_for_a_terminal_and_no_more_than_a_few(machine: Host) -> None:
    found = told(machine, 'for each in 1 2 3 4 5 6 7; do git init -q "$(printf "\\033[31m%s" $each)"; done')
    assert found.count("/.git") == 5
    assert found.endswith(" and 2 more")
    assert "\\x1b[31m" in found
