"""Lazy faces of packages: a name imports its module when it is first used."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def lazy(package: str, where: Mapping[str, str]) -> tuple[list[str], Callable[[str], Any]]:
    """The `__all__` and `__getattr__` of a package.

    Type checkers see the names by imports under TYPE_CHECKING. No name may be that of a module of the package.

    Args:
        where: the names of each module, apart by spaces.
    """
    module_of = {name: module for module, names in where.items() for name in names.split()}

    def get(name: str) -> Any:
        module = module_of.get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{module}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return list(module_of), get
