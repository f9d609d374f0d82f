"""A code of an MFA device: from the environment, a command, the terminal or an askpass program; never used twice.

STS takes a code once. So one process at a time has one for a device, and what was used is remembered beside the
cache: its half minute, and a digest of it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from botocore.compat import compat_shell_split

from assume_helper.cache import entries, key_lock
from assume_helper.cache.directory import Cache
from assume_helper.credentials import Answer
from assume_helper.errors import MFACodeRefused, MFANotGiven, MFARequired, STSNotConnected
from assume_helper.profiles.role import MFADevice
from assume_helper.sources import used_mfa_codes
from assume_helper.sources.used_mfa_codes import STEP, Used
from assume_helper.system import process, terminal
from assume_helper.system.context import CallContext
from assume_helper.system.environment import for_child
from assume_helper.text import printable, redacted

TOKEN = "ASSUME_HELPER_MFA_TOKEN"  # noqa: S105 - the variable's name
ASKPASS = "ASSUME_HELPER_ASKPASS"
# How often somebody is asked for a code that STS takes.
_ATTEMPTS = 3
# What AWS's devices show.
_CODE = re.compile(r"[0-9]{6}")
# Seconds for a program where somebody can be asked after it; and with fewer left, nothing is begun.
_PATIENCE_WITH_PROGRAM = 25.0
_TOO_LITTLE = 2.0


@dataclass(frozen=True)
class Asking:
    """For whom a code is to be had: the device, the profile's name, and until when (monotonic)."""

    device: MFADevice
    name: str
    store: Cache
    context: CallContext
    until: float

    def left(self) -> float:
        """Seconds that are left."""
        return self.until - self.context.clock.monotonic()


def check(device: MFADevice, name: str, context: CallContext) -> None:
    """Raise MFARequired where there is no way to a code."""
    if context.environ.get(TOKEN):
        return
    if context.may_ask and (device.mfa_process or context.environ.get(ASKPASS) or terminal.is_there()):
        return
    raise _required(device, name, _nobody(context))


def _nobody(context: CallContext) -> str:
    if not context.may_ask:
        return "nobody is asked while cached credentials are good"
    return "there is no terminal to ask on, or this is in its background"


def with_code(asking: Asking, call: Callable[[str], Answer]) -> Answer:
    """What `call` makes of a code. On a terminal one that STS does not take is asked for again.

    Raises MFARequired, MFANotGiven, MFACodeRefused, and what `call` raises.
    """
    context, store = asking.context, asking.store
    key = entries.key({"mfa_serial": asking.device.serial})
    with key_lock.acquire(store, key, lambda: asking.left() <= 0) as is_held:
        if not is_held and asking.left() <= 0:
            raise MFANotGiven(
                f"another process is using the MFA device {printable(asking.device.serial, 256)}",
                "try again in a minute",
            )
        sources = _Codes(asking, used_mfa_codes.read(store, key))
        while True:
            code = sources.next()
            used = used_mfa_codes.new(code, context.clock.now())
            # Before it is used: whoever is killed meanwhile has used it.
            used_mfa_codes.remember(store, key, [*sources.used, used])
            try:
                return call(code)
            except STSNotConnected:
                used_mfa_codes.remember(store, key, sources.used)  # as it was: STS has not seen this one
                raise
            except MFACodeRefused:
                if not sources.refused(used):
                    raise


class _Codes:
    """Where one call's codes come from, each place in its turn."""

    def __init__(self, asking: Asking, used: list[Used]) -> None:
        self.asking = asking
        self.used = used
        self.asked = 0
        self.again = ""
        self.tried: list[str] = []
        self.ran = False
        self.places = [self._from_environment, self._from_process, self._from_terminal, self._from_askpass]

    def next(self) -> str:
        """A code that was not used before. Raises MFARequired where there is none."""
        while self.places:
            code = self.places[0]()
            if code is not None:
                return code
            self.places.pop(0)
        why = ", ".join(self.tried) or _nobody(self.asking.context)
        # A program that was run has perhaps asked somebody: those who wait are not to run it again.
        raise _required(self.asking.device, self.asking.name, why, MFANotGiven if self.ran else MFARequired)

    def refused(self, used: Used) -> bool:
        """STS has not taken the code that was `used`: whether there is somebody to ask for another."""
        self.used = [*self.used, used]
        self.again = "STS did not take that code"
        may_ask = self.asking.context.may_ask and self.asked < _ATTEMPTS and terminal.is_there()
        self.places = [self._from_terminal] if may_ask else []
        return may_ask

    def _is_used(self, code: str) -> bool:
        now = self.asking.context.clock.now()
        return any(used.is_it(code, now) for used in self.used)

    def _from_environment(self) -> str | None:
        code = _plain(self.asking.context.environ.get(TOKEN) or "")
        if not code:
            return None
        if not _CODE.fullmatch(code):
            self.tried.append(f"{TOKEN} is not a code of six digits")
        elif self._is_used(code):
            self.tried.append(f"the code in {TOKEN} was used already")
        else:
            return code
        return None

    def _from_process(self) -> str | None:
        command = self.asking.device.mfa_process
        if command is None or not self.asking.context.may_ask:
            return None
        clock = self.asking.context.clock
        # The command would print the code that was used in this half minute.
        wait = any(used.step == int(clock.now() // STEP) for used in self.used)
        for is_last in (False, True):
            if wait and not self._next_half_minute():
                return None
            code = self._run("mfa_process", compat_shell_split, command, [])
            if code is None or not self._is_used(code):
                return code
            if is_last:
                self.tried.append("mfa_process prints a code that was used already")
            wait = True  # its clock is behind
        return None

    def _next_half_minute(self) -> bool:
        """Wait for it; whether there was time for that."""
        clock = self.asking.context.clock
        pause = STEP - clock.now() % STEP
        if pause + _TOO_LITTLE > self.asking.left():
            self.tried.append(f"the code of this half minute was used already, the next one is {pause:.0f} s away")
            return False
        clock.sleep(pause)
        return True

    def _from_askpass(self) -> str | None:
        program = self.asking.context.environ.get(ASKPASS)
        if not program or not self.asking.context.may_ask:
            return None
        code = self._run(ASKPASS, lambda given: [given], program, [self._prompt()])
        if code is not None and self._is_used(code):
            self.tried.append("that code was used already")
            return None
        return code

    def _from_terminal(self) -> str | None:
        while self.asking.context.may_ask and self.asked < _ATTEMPTS:
            if self.asking.left() < _TOO_LITTLE and not self.asked:
                return None
            self.asking.context.asking()
            try:
                typed = terminal.ask(self._prompt(), max(0.0, self.asking.left()))
            except (TimeoutError, EOFError) as error:
                what = "no MFA code was typed" + (" in time" if isinstance(error, TimeoutError) else "")
                why = ", ".join([*self.tried, what])
                raise MFANotGiven(why, "run it again, with the device at hand") from None
            if typed is None:
                return None
            self.asked += 1
            code = _plain(typed)
            if not _CODE.fullmatch(code):
                self.again = "a code has six digits"
            elif self._is_used(code):
                self.again = "that code was used already, wait for the next one"
            else:
                return code
        if self.asked:
            raise MFANotGiven("no MFA code was typed that can be used", "run it again, with the device at hand")
        return None

    def _prompt(self) -> str:
        why = self.again or (self.tried[-1] if self.tried else "")
        again = f"{why}. " if why else ""
        return f"{again}MFA code of {printable(self.asking.device.serial, 256)} for {printable(self.asking.name, 64)}: "

    def _run(self, what: str, split: Callable[[str], list[str]], command: str, arguments: list[str]) -> str | None:
        """The code that a command prints; None, and what it was like, where it prints none."""
        context = self.asking.context
        seconds = self.asking.left()
        if seconds < _TOO_LITTLE:
            self.tried.append(f"there is no time left for {what}")
            return None
        self.ran = True
        context.asking()  # it may, on the terminal, whatever it is
        try:
            words = [*split(command), *arguments]
            # What it has to say ("touch your key") is for the person, where there is one.
            with terminal.screen() as screen:
                patience = seconds if screen is None else min(seconds, _PATIENCE_WITH_PROGRAM)
                finished = process.run(words, for_child(context.environ), patience, screen)
        except TimeoutError:
            self.tried.append(f"{what} did not answer in time")
            return None
        except (OSError, ValueError, IndexError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "the command cannot be read"
            self.tried.append(f"{what} cannot be started ({reason})")
            return None
        code = _plain(finished.stdout.decode("utf-8", "replace"))
        if finished.returncode != 0:
            said = redacted(finished.stderr.decode("utf-8", "replace"))
            self.tried.append(f"{what} failed (exit {finished.returncode})" + (f": {said}" if said else ""))
        elif not _CODE.fullmatch(code):
            self.tried.append(f"{what} did not print a code of six digits")
        else:
            return code
        return None


def _plain(text: str) -> str:
    """A code as it was meant: apps show it in two groups, files begin with a byte order mark."""
    return "".join(text.removeprefix("\ufeff").split(" ")).strip()


def _required(device: MFADevice, name: str, why: str, kind: type[MFARequired] = MFARequired) -> MFARequired:
    return kind(
        f"[{printable(name, 64)}] needs a code of its mfa_serial {printable(device.serial, 256)}, and {why}",
        f"set {TOKEN} to a code, mfa_process to a command that prints one, or {ASKPASS} to a program that asks for it, "
        "or run this on a terminal",
    )
