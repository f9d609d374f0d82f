"""What is light is, in all that this program uses, the standard library's."""

import copy
import dataclasses
import functools
import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest

from assume_helper import light


def classes(dataclass: Callable[..., Any], field: Callable[..., Any]) -> dict[str, Any]:
    """The same classes, made by `dataclass`."""

    @dataclass(frozen=True)
    class Base:
        first: int
        second: str = "two"

    @dataclass(frozen=True)
    class Value(Base):
        kind: ClassVar[str] = "a kind"
        secret: str = field(default="hidden", repr=False)
        apart: object = field(default=None, compare=False)
        values: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)

        @property
        def both(self) -> str:
            return f"{self.first} {self.second}"

    @dataclass
    class Open:
        name: str
        seen: list[str] = field(default_factory=list)

    @dataclass(frozen=True)
    class Nothing:
        pass

    @dataclass(eq=False)
    class Only:
        name: str

        def __post_init__(self) -> None:
            self.name = f"{self.name}!"

    return {"Base": Base, "Value": Value, "Open": Open, "Nothing": Nothing, "Only": Only}


OURS = classes(light.dataclass, light.field)
THEIRS = classes(dataclasses.dataclass, dataclasses.field)

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("Base", (1,), {}),
    ("Base", (1, "zwei"), {}),
    ("Base", (), {"second": "b", "first": 2}),
    ("Base", (), {}),
    ("Base", (1, "b", 3), {}),
    ("Base", (1,), {"first": 2}),
    ("Base", (1,), {"third": 2}),
    ("Value", (1,), {"secret": "s", "apart": [3]}),
    ("Value", (1, "b", "s", 4, {"a": 1}), {}),
    ("Value", (), {"secret": "s"}),
    ("Open", ("a",), {}),
    ("Open", ("a", ["b"]), {}),
    ("Nothing", (), {}),
    ("Nothing", (1,), {}),
    ("Only", (1,), {}),
]


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (TypeError, AttributeError) as error:
        return type(error)


def _count(*values: Any) -> int:
    return len(set(values))


def described(value: Any) -> Any:
    """What of a value can be compared with that of another class."""
    return (repr(value), vars(value)) if dataclasses.is_dataclass(value) else value


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_value_is_made_and_shown_as_the_librarys(call: tuple[str, tuple[Any, ...], dict[str, Any]]) -> None:
    name, given, named = call
    ours, theirs = (outcome(functools.partial(made[name], *given, **named)) for made in (OURS, THEIRS))
    assert described(ours) == described(theirs)


def made(name: str, *given: Any, **named: Any) -> tuple[Any, Any]:
    return OURS[name](*given, **named), THEIRS[name](*given, **named)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Value", (1,), {}), ("Value", (1,), {})),
        (("Value", (1,), {}), ("Value", (2,), {})),
        (("Value", (1,), {"secret": "a"}), ("Value", (1,), {"secret": "b"})),
        (("Value", (1,), {"apart": "a"}), ("Value", (1,), {"apart": "b"})),
        (("Base", (1,), {}), ("Value", (1,), {})),
        (("Open", ("a",), {}), ("Open", ("a",), {})),
        (("Nothing", (), {}), ("Nothing", (), {})),
        (("Only", (1,), {}), ("Only", (1,), {})),
    ],
    ids=str,
)
def test_values_are_equal_and_hashed_as_the_librarys(one: Any, other: Any) -> None:
    found = []
    for made_by in (OURS, THEIRS):
        a, b = (made_by[name](*given, **named) for name, given, named in (one, other))
        found.append((a == b, a != b, outcome(functools.partial(_count, a, b))))
    assert found[0] == found[1]


def test_a_frozen_value_is_not_changed() -> None:
    for value in made("Value", 1):
        with pytest.raises(dataclasses.FrozenInstanceError):
            value.first = 2
        with pytest.raises(dataclasses.FrozenInstanceError):
            del value.first
        with pytest.raises(dataclasses.FrozenInstanceError):
            value.new = 2
    for value in made("Open", "a"):
        value.name = "b"
        assert value.name == "b"


def test_a_default_is_made_anew_for_each_value() -> None:
    for cls in (OURS["Open"], THEIRS["Open"]):
        cls("a").seen.append("x")
        assert cls("a").seen == []


@pytest.mark.parametrize("changes", [{}, {"first": 2}, {"secret": "new", "apart": 1}, {"none": 1}], ids=str)
def test_a_value_is_replaced_as_the_library_does_it(changes: dict[str, Any]) -> None:
    ours, theirs = made("Value", 1, values={"a": 1})
    expected = described(outcome(lambda: dataclasses.replace(theirs, **changes)))
    assert described(outcome(lambda: light.replace(ours, **changes))) == expected
    assert described(outcome(lambda: dataclasses.replace(ours, **changes))) == expected
    assert described(outcome(lambda: light.replace(theirs, **changes))) == expected


def test_it_is_a_dataclass_for_the_library() -> None:
    ours, theirs = made("Value", 1, values={"a": 1})
    assert dataclasses.is_dataclass(type(ours))
    assert dataclasses.asdict(ours) == light.asdict(ours) == dataclasses.asdict(theirs)
    assert [each.name for each in dataclasses.fields(ours)] == [each.name for each in dataclasses.fields(theirs)]
    assert [(each.repr, each.compare, each.default) for each in dataclasses.fields(ours)] == [
        (each.repr, each.compare, each.default) for each in dataclasses.fields(theirs)
    ]


def test_class_values_and_defaults_are_where_the_library_has_them() -> None:
    for cls in (OURS["Value"], THEIRS["Value"]):
        assert cls.kind == "a kind"
        assert (cls.secret, cls.second) == ("hidden", "two")
        assert not hasattr(cls, "values")
        assert cls.__match_args__ == ("first", "second", "secret", "apart", "values")
        assert cls(1).both == "1 two"


def test_a_methods_own_definition_stays() -> None:
    @light.dataclass(frozen=True)
    class Own:  # noqa: PLW1641
        value: int

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, _other: object) -> bool:
            return True

    assert repr(Own(1)) == "own"
    assert Own(1) == Own(2)
    assert hash(Own(1)) == hash(Own(1))


@light.dataclass(frozen=True)
class Kept:
    value: int
    more: Mapping[str, int] = light.field(default_factory=dict)


def test_a_value_is_copied_and_pickled() -> None:
    value = Kept(1, {"a": 2})
    assert copy.copy(value) == copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == value  # noqa: S301


def test_what_it_spares_is_not_imported() -> None:
    code = (
        "import sys; from assume_helper.light import ClassVar, Generic, Literal, TypeVar, cast, dataclass, replace\n"
        "T = TypeVar('T')\nclass Of(Generic[T]): pass\n"
        "@dataclass(frozen=True)\nclass A:\n    a: int | Of[T] | Literal['b', 'c'] | None\n    d: ClassVar[str] = 'e'\n"
        "assert repr(replace(cast(A, A(1)), a=2)) == 'A(a=2)'\n"
        "print({'dataclasses', 'inspect', 'typing'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(_ROOT)!r}); {code}"],
                          capture_output=True, check=True)  # fmt: skip
    assert done.stdout.decode().strip() == "set()"


_ROOT = inspect.getfile(light).rpartition("assume_helper")[0]
