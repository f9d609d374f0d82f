"""A code of an MFA device: from the environment, a command, the terminal or an askpass program; never used twice.

STS accepts a code once. So one process at a time uses a device, and used codes are remembered beside the cache: the
half minute of each, and a salted digest.
"""

import re
from collections.abc import Callable, Sequence

from assume_helper.cache import entries, key_lock
from assume_helper.cache.directory import Cache
from assume_helper.credentials import Answer
from assume_helper.errors import MachineFault, MFACodeRefused, MFANotGiven, MFARequired, SettingFault, STSNotConnected
from assume_helper.light import dataclass, field
from assume_helper.profiles.origin import MFADevice
from assume_helper.sources import shell_command, used_mfa_codes
from assume_helper.sources.used_mfa_codes import STEP, UsedCode
from assume_helper.system import process, terminal
from assume_helper.system.context import CallContext
from assume_helper.system.environment import for_child
from assume_helper.text import printable, redacted

TOKEN = "ASSUME_HELPER_MFA_TOKEN"  # noqa: S105 - the variable's name
ASKPASS = "ASSUME_HELPER_ASKPASS"
# How often a person is asked for a code that STS accepts.
_ATTEMPTS = 3
# AWS's devices show six digits.
_CODE = re.compile(r"[0-9]{6}")
# Seconds for a program where a person can be asked after it. With fewer seconds left than the second, nothing starts.
_PATIENCE_WITH_PROGRAM = 25.0
_TOO_LITTLE = 2.0
# A shell's exit codes for a program that is not there, or is none.
_NOT_STARTED = {126, 127}


@dataclass(frozen=True)
class CodeRequest:
    """A code of `device` that is needed for `profile`, by `until` (monotonic clock).

    `used_codes` is where it is remembered which codes were used.
    """

    device: MFADevice
    profile: str
    used_codes: Cache
    context: CallContext = field(repr=False)
    until: float

    def left(self) -> float:
        """Seconds left."""
        return self.until - self.context.clock.monotonic()


def check(device: MFADevice, profile: str, context: CallContext) -> None:
    """Raise MFARequired where no code can be had for `profile`."""
    if context.environ.get(TOKEN):
        return
    if context.may_ask and (device.mfa_process or context.environ.get(ASKPASS) or terminal.is_there()):
        return
    raise _required(device, profile, _why_nobody_is_asked(context))


def _why_nobody_is_asked(context: CallContext) -> str:
    if not context.may_ask:
        return "nobody is asked while cached credentials are good"
    return "there is no terminal to ask on, or this runs in its background"


def call_with_code(request: CodeRequest, call: Callable[[str], Answer]) -> Answer:
    """The result of `call` with a code. On a terminal a person may correct a code that STS refuses.

    Raises MFARequired, MFANotGiven, MFACodeRefused, and what `call` raises.
    """
    store = request.used_codes
    key = entries.key({"mfa_serial": request.device.serial})
    with key_lock.acquire(store, key, lambda: request.left() <= 0) as is_held:
        if not is_held and request.left() <= 0:
            raise MFANotGiven(
                f"another process is using the MFA device {printable(request.device.serial, 256)}",
                "try again in a minute",
            )
        codes = _Codes(request, used_mfa_codes.read(store, key))
        while True:
            code = codes.next()
            used = used_mfa_codes.new(code, request.context.clock.now())
            # Before the call: a process that is killed meanwhile may have sent it.
            used_mfa_codes.remember(store, key, [*codes.used, used])
            try:
                return call(code)
            except (STSNotConnected, MachineFault, SettingFault):
                used_mfa_codes.remember(store, key, codes.used)  # STS has not seen this code
                raise
            except MFACodeRefused:
                if not codes.may_be_corrected(used):
                    raise


class _Codes:
    """The codes of one request, from each source in turn: environment, command, terminal, askpass program.

    `used` are the codes that were used. `prompts` counts the answers on the terminal, `hint` is what the next prompt
    says first. `problems` says why the sources so far gave no code; `ran_program` whether one of them was a program.
    """

    def __init__(self, request: CodeRequest, used: list[UsedCode]) -> None:
        self.request = request
        self.context = request.context
        self.used = used
        self.prompts = 0
        self.hint = ""
        self.problems: list[str] = []
        self.ran_program = False
        self.sources = [self._from_environment, self._from_process, self._from_terminal, self._from_askpass]

    def next(self) -> str:
        """A code that was not used before. Raises MFARequired, MFANotGiven."""
        while self.sources:
            code = self.sources[0]()
            if code is not None:
                return code
            self.sources.pop(0)
        why = ", ".join(self.problems) or _why_nobody_is_asked(self.context)
        # A program may have asked a person: followers are not to run it again.
        kind = MFANotGiven if self.ran_program else MFARequired
        raise _required(self.request.device, self.request.profile, why, kind)

    def may_be_corrected(self, refused: UsedCode) -> bool:
        """Whether a person can be asked for another code than the one that STS has `refused`."""
        self.used = [*self.used, refused]
        self.hint = "STS did not accept that code"
        may_ask = self.context.may_ask and self.prompts < _ATTEMPTS and terminal.is_there()
        self.sources = [self._from_terminal] if may_ask else []
        return may_ask

    def _is_used(self, code: str) -> bool:
        now = self.context.clock.now()
        return any(used.matches(code, now) for used in self.used)

    def _from_environment(self) -> str | None:
        code = _plain(self.context.environ.get(TOKEN) or "")
        if not code:
            return None
        if not _CODE.fullmatch(code):
            self.problems.append(f"{TOKEN} is not a code of six digits")
        elif self._is_used(code):
            self.problems.append(f"the code in {TOKEN} was used already")
        else:
            return code
        return None

    def _from_process(self) -> str | None:
        command = self.request.device.mfa_process
        if command is None or not self.context.may_ask:
            return None
        # The command would print the code that was used in this half minute.
        must_wait = any(used.step == int(self.context.clock.now() // STEP) for used in self.used)
        for is_last in (False, True):
            if must_wait and not self._wait_for_next_code():
                return None
            program = f" (program: {shell_command.name(command)})"
            code = self._run("mfa_process", shell_command.words, command, [], program)
            if code is None or not self._is_used(code):
                return code
            if is_last:
                self.problems.append("mfa_process prints a code that was used already")
            must_wait = True  # its clock is behind
        return None

    def _wait_for_next_code(self) -> bool:
        """Wait for the next half minute; whether there was time for that."""
        clock = self.context.clock
        pause = STEP - clock.now() % STEP
        if pause + _TOO_LITTLE > self.request.left():
            self.problems.append(f"the code of this half minute was used already, the next is {pause:.0f} s away")
            return False
        clock.sleep(pause)
        return True

    def _from_askpass(self) -> str | None:
        program = self.context.environ.get(ASKPASS)
        if not program or not self.context.may_ask:
            return None
        code = self._run(ASKPASS, lambda given: [given], program, [self._prompt()])
        if code is not None and self._is_used(code):
            self.problems.append("that code was used already")
            return None
        return code

    def _from_terminal(self) -> str | None:
        while self.context.may_ask and self.prompts < _ATTEMPTS:
            if self.request.left() < _TOO_LITTLE and not self.prompts:
                return None
            typed = self._typed()
            if typed is None:
                return None
            self.prompts += 1
            code = _plain(typed)
            if not _CODE.fullmatch(code):
                self.hint = "a code has six digits"
            elif self._is_used(code):
                self.hint = "that code was used already, wait for the next one"
            else:
                return code
        if self.prompts:
            raise MFANotGiven("no usable MFA code was typed", "run it again, with the device at hand")
        return None

    def _typed(self) -> str | None:
        """What a person types on the terminal; None where there is none. Raises MFANotGiven."""
        self.context.asking()
        try:
            return terminal.ask(self._prompt(), max(0.0, self.request.left()))
        except (TimeoutError, EOFError) as error:
            what = "no MFA code was typed" + (" in time" if isinstance(error, TimeoutError) else "")
            raise MFANotGiven(", ".join([*self.problems, what]), "run it again, with the device at hand") from None

    def _prompt(self) -> str:
        hint = self.hint or (self.problems[-1] if self.problems else "")
        serial, profile = printable(self.request.device.serial, 256), printable(self.request.profile, 64)
        return (f"{hint}. " if hint else "") + f"MFA code of {serial} for {profile}: "

    def _run(
        self, what: str, split: Callable[[str], Sequence[str]], command: str, arguments: list[str], program: str = ""
    ) -> str | None:
        """The code that a command prints; None, with the problem noted, where it prints none.

        `program` is added to the problem.
        """
        seconds = self.request.left()
        if seconds < _TOO_LITTLE:
            self.problems.append(f"there is no time left for {what}")
            return None
        self.ran_program = True
        self.context.asking()  # the program may, on the terminal
        try:
            words = split(command)
            words = words if isinstance(words, str) else [*words, *arguments]
            # Its standard error ("touch your key") is for the person, where there is one.
            with terminal.screen() as screen:
                patience = seconds if screen is None else min(seconds, _PATIENCE_WITH_PROGRAM)
                finished = process.run(words, for_child(self.context.environ), patience, screen)
        except TimeoutError:
            self.problems.append(f"{what} did not answer in time{program}")
            return None
        except (OSError, ValueError, IndexError) as error:
            self.problems.append(f"{what} cannot be started ({process.reason(error)}){program}")
            return None
        code = _plain(finished.stdout.decode("utf-8", "replace"))
        if finished.returncode != 0:
            said = redacted(finished.stderr.decode("utf-8", "replace"))
            how = "cannot be started" if program and finished.returncode in _NOT_STARTED else "failed"
            said = f": {said}" if said else ""
            self.problems.append(f"{what} {how} (exit {finished.returncode}){said}{program}")
        elif not _CODE.fullmatch(code):
            self.problems.append(f"{what} did not print a code of six digits{program}")
        else:
            return code
        return None


def _plain(text: str) -> str:
    """A code without blanks and byte order mark: apps show it in two groups, files begin with the mark."""
    return "".join(text.removeprefix("\ufeff").split(" ")).strip()


def _required(device: MFADevice, profile: str, why: str, kind: type[MFARequired] = MFARequired) -> MFARequired:
    return kind(
        f"[{printable(profile, 64)}] needs a code of its mfa_serial {printable(device.serial, 256)}, and {why}",
        f"set {TOKEN} to a code, mfa_process or {ASKPASS} to a program that prints one, or run this on a terminal",
    )
