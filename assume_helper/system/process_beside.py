"""A process beside the one that starts it, which then becomes another program: it ends with that program.

It is a grandchild in a session of its own: the program has no child that it did not start, and signals for its group
or from its terminal reach it once. It watches the program by the kernel's own means (a pidfd on Linux, kqueue's
NOTE_EXIT on macOS and the BSDs), never by a descriptor that the program and its children inherit.
"""

import os
import signal
import sys
import time
from collections.abc import Callable

from assume_helper.errors import AssumeHelperError
from assume_helper.light import Protocol, dataclass
from assume_helper.system import child_signal, process_stat

# Handled and not ignored: what is ignored stays so in the programs that are started for a source.
_NOT_MEANT_FOR_IT = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
_PATIENCE = 10.0
# Seconds between two looks where the kernel cannot be asked to tell.
_LOOK = 1.0
# How many descriptors are looked at where the system does not list the open ones.
_MOST_DESCRIPTORS = 4096


class Watch(Protocol):
    """A process that is watched. `descriptor` can be read when it has ended; None where only `is_over` tells."""

    descriptor: int | None

    def is_over(self) -> bool:
        """Whether it has ended."""


if sys.platform == "win32":

    def start(_run: Callable[[Watch], None]) -> None:
        """Windows has no fork: there this process stays, and the program runs beside it."""
        raise NotImplementedError

else:
    import select

    @dataclass
    class _Descriptor:
        """Watched by a descriptor that the kernel makes readable."""

        descriptor: int | None

        def is_over(self) -> bool:
            assert self.descriptor is not None  # noqa: S101 - for the type checker
            poll = select.poll()
            poll.register(self.descriptor, select.POLLIN)
            return bool(poll.poll(0))

    @dataclass
    class _ByNumber:
        """Watched by its number and, where /proc tells it, when it began: for kernels before 5.3, and sandboxes."""

        number: int
        began: str
        descriptor: int | None = None
        next_look: float = 0.0

        def is_over(self) -> bool:
            if time.monotonic() < self.next_look:
                return False
            self.next_look = time.monotonic() + _LOOK
            try:
                os.kill(self.number, 0)
            except ProcessLookupError:
                return True
            except OSError:
                pass  # it has become another user's
            return bool(self.began) and _began(self.number) != self.began

    def start(run: Callable[[Watch], None]) -> None:
        """Have `run` in a process beside this one, given this process to watch.

        It returns when that process watches. Raises AssumeHelperError where it cannot be started.
        """
        number = os.getpid()
        try:
            watch = _watch(number)
            ready, to_tell = os.pipe()
            try:
                with child_signal.waiting():
                    _fork_twice(run, number, watch, ready, to_tell)
                is_ready = bool(select.select([ready], [], [], _PATIENCE)[0]) and os.read(ready, 1) == b"+"
            finally:
                os.close(ready)
                if watch is not None and watch.descriptor is not None:
                    os.close(watch.descriptor)
            why = "it ended at once"
        except OSError as error:
            is_ready, why = False, error.strerror or type(error).__name__
        if not is_ready:
            raise AssumeHelperError(
                f"the process that keeps the credentials fresh cannot be started ({why})",
                "try again, or leave out --refresh",
            )

    def _watch(number: int) -> Watch | None:
        """A watch that a forked process can use; None where it has to make its own."""
        if sys.platform == "linux":
            try:
                return _Descriptor(os.pidfd_open(number))
            except (OSError, AttributeError):
                return _ByNumber(number, _began(number))
        return None

    def _own_watch(number: int) -> Watch:
        if sys.platform != "linux" and hasattr(select, "kqueue"):
            queue = select.kqueue()
            event = select.kevent(number, select.KQ_FILTER_PROC, select.KQ_EV_ADD, select.KQ_NOTE_EXIT)
            queue.control([event], 0)
            found = _Descriptor(queue.fileno())
            _kept.append(queue)
            return found
        return _ByNumber(number, _began(number))

    # What would be closed with its object.
    _kept: list[object] = []

    def _began(number: int) -> str:
        """When a process began, as the kernel counts it (proc(5), starttime); "" where it is not told, or is over."""
        fields = process_stat.fields(number)
        is_over = not fields or fields[process_stat.STATE] in {b"Z", b"X"}
        return "" if is_over else fields[process_stat.BEGAN].decode()

    def _fork_twice(run: Callable[[Watch], None], number: int, watch: Watch | None, ready: int, to_tell: int) -> None:
        try:
            child = os.fork()
            if child == 0:
                try:
                    if os.fork() == 0:
                        os.close(ready)
                        _be_beside(run, number, watch, to_tell)
                finally:
                    os._exit(0)
        finally:
            os.close(to_tell)
        os.waitpid(child, 0)

    def _be_beside(run: Callable[[Watch], None], number: int, watch: Watch | None, to_tell: int) -> None:
        os.setsid()
        for name in _NOT_MEANT_FOR_IT:
            signal.signal(getattr(signal, name), _nothing)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _leave_the_caller_s_descriptors()
        watch = watch or _own_watch(number)
        os.write(to_tell, b"+")
        os.close(to_tell)
        run(watch)

    def _nothing(_number: int, _frame: object) -> None:
        """Neither a signal nor the end of a terminal ends it, only the program's end."""

    def _leave_the_caller_s_descriptors() -> None:
        """Close what this process was given: whoever reads from a pipe of the caller's would wait for its end.

        Python opens nothing that is inherited, so what is inheritable is the caller's.
        """
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        for descriptor in _open_descriptors():
            try:
                if descriptor > 2 and os.get_inheritable(descriptor):
                    os.close(descriptor)
            except OSError:
                continue  # the listing's own

    def _open_descriptors() -> list[int]:
        for directory in ("/proc/self/fd", "/dev/fd"):
            try:
                return [int(name) for name in os.listdir(directory) if name.isdigit()]
            except OSError:
                continue
        return list(range(min(os.sysconf("SC_OPEN_MAX"), _MOST_DESCRIPTORS)))
