"""What modules take from `dataclasses` and `typing`, without what those cost at the start of a process.

The module `dataclasses` imports `inspect`, and writes and compiles methods for each class. Here all classes share the
same methods. A class that is made here is a dataclass for others, too: `dataclasses.replace`, `asdict` and `fields`
take it. What annotations name is one empty class. Only what this program uses is there. For a type checker it is the
standard library's.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import asdict as asdict
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import replace as replace
    from typing import IO as IO
    from typing import Any as Any
    from typing import ClassVar as ClassVar
    from typing import Generic as Generic
    from typing import Literal as Literal
    from typing import NoReturn as NoReturn
    from typing import Protocol as Protocol
    from typing import TextIO as TextIO
    from typing import TypeGuard as TypeGuard
    from typing import TypeVar as TypeVar
    from typing import cast as cast
else:

    class Any:
        """What an annotation names; only a type checker wants to know."""

        def __class_getitem__(cls, of: object) -> type:
            return cls

    class ClassVar(Any):
        """The annotation of what is no field."""

    class Literal(Any):
        """The annotation of what is one of some values: `typing.get_args` has them."""

        def __class_getitem__(cls, values: object) -> object:
            return type(list[int])(cls, values)

    IO = Generic = NoReturn = Protocol = TextIO = TypeGuard = Any

    def TypeVar(_name: str, *, bound: object = None) -> type:  # noqa: N802, ARG001
        """What stands for a type."""
        return Any

    def cast(_kind: object, value: object) -> object:
        """`value`, which a type checker takes for another type."""
        return value

    _MISSING = object()

    class _Field:
        """What is told of one field: its default, or what makes it, and whether it is shown and compared."""

        __slots__ = ("compare", "default", "default_factory", "repr")

        def __init__(self, default: "Any", default_factory: "Any", repr: bool, compare: bool) -> None:  # noqa: A002, FBT001
            self.default, self.default_factory, self.repr, self.compare = default, default_factory, repr, compare

        def given(self) -> "dict[str, Any]":
            """The same, as `dataclasses.field` takes it."""
            given = {name: getattr(self, name) for name in self.__slots__}
            return {name: value for name, value in given.items() if value is not _MISSING}

    class _StandardFields:
        """`__dataclass_fields__`, made when something asks for it: that has imported `dataclasses` itself."""

        def __get__(self, value: object, owner: "Any") -> "dict[str, Any]":
            import dataclasses

            kinds = owner.__annotations__
            fields = [
                (name, kinds.get(name, object), dataclasses.field(**told.given()))
                for name, told in owner._light_fields.items()
            ]
            owner.__dataclass_fields__ = dataclasses.make_dataclass(owner.__name__, fields).__dataclass_fields__
            return owner.__dataclass_fields__

    def field(
        *,
        default: "Any" = _MISSING,
        default_factory: "Any" = _MISSING,
        repr: bool = True,  # noqa: A002
        compare: bool = True,
    ) -> "Any":
        """What is told of one field, as `dataclasses.field` takes it."""
        return _Field(default, default_factory, repr, compare)

    def dataclass(decorated: "Any" = None, /, *, frozen: bool = False, eq: bool = True) -> "Any":
        """Make a dataclass of a class, as `dataclasses.dataclass` does."""
        if decorated is None:
            return lambda given: dataclass(given, frozen=frozen, eq=eq)
        fields = {}
        for base in reversed(decorated.__mro__[1:]):
            fields |= base.__dict__.get("_light_fields", {})
        own = dict(decorated.__dict__)
        for name, kind in decorated.__annotations__.items():
            if kind is ClassVar or str(kind).startswith("typing.ClassVar"):
                continue
            told = own.get(name, _MISSING)
            if not isinstance(told, _Field):
                told = _Field(told, _MISSING, repr=True, compare=True)
            elif told.default is _MISSING:
                delattr(decorated, name)
            else:
                setattr(decorated, name, told.default)
            fields[name] = told
        methods = {"__init__": _init, "__repr__": _repr}
        if eq:
            methods |= {"__eq__": _eq, "__hash__": _hash if frozen else None}
        if frozen:
            methods |= {"__setattr__": _setattr, "__delattr__": _delattr}
        for name, method in methods.items():
            if own.get(name) is None:  # a class that has `__eq__` has no `__hash__`
                setattr(decorated, name, method)
        decorated._light_fields = fields
        decorated.__match_args__ = tuple(fields)
        decorated.__dataclass_fields__ = _StandardFields()
        return decorated

    def asdict(value: "Any", /) -> "dict[str, Any]":
        """The fields with their values, as `dataclasses.asdict` has them."""
        import dataclasses

        return dataclasses.asdict(value)

    def replace(value: "Any", /, **changes: "Any") -> "Any":
        """The same value with `changes`, as `dataclasses.replace` makes it."""
        if not hasattr(value, "_light_fields"):
            import dataclasses

            return dataclasses.replace(value, **changes)
        have = value.__dict__
        return type(value)(**{name: have[name] for name in value._light_fields} | changes)

    def _init(self: "Any", /, *given: "Any", **named: "Any") -> None:
        fields = self._light_fields
        values = dict(zip(fields, given, strict=False))
        if len(given) > len(fields) or not (values.keys().isdisjoint(named) and named.keys() <= fields.keys()):
            raise TypeError(f"{type(self).__name__}() takes {', '.join(fields)}, each once")
        values |= named
        if len(values) < len(fields):
            for name, told in fields.items():
                if name in values:
                    continue
                if told.default_factory is not _MISSING:
                    values[name] = told.default_factory()
                elif told.default is not _MISSING:
                    values[name] = told.default
                else:
                    raise TypeError(f"{type(self).__name__}() misses {name}")
        self.__dict__.update(values)
        if hasattr(self, "__post_init__"):
            self.__post_init__()

    def _repr(self: "Any") -> str:
        shown = [f"{name}={getattr(self, name)!r}" for name, told in self._light_fields.items() if told.repr]
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def _compared(value: "Any") -> "tuple[Any, ...]":
        return tuple([value.__dict__[name] for name, told in value._light_fields.items() if told.compare])

    def _eq(self: "Any", other: object) -> bool:
        return _compared(self) == _compared(other) if type(other) is type(self) else NotImplemented

    def _hash(self: "Any") -> int:
        return hash(_compared(self))

    def _setattr(_self: "Any", name: str, _value: object) -> None:
        import dataclasses

        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def _delattr(_self: "Any", name: str) -> None:
        import dataclasses

        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
