"""The checks themselves, one module per area. Importing this package registers them all, in the order of the page."""

from __future__ import annotations

from importlib import import_module

from tests.differential import checks

for _area in (
    "objects",
    "writing",
    "patching",
    "applying",
    "listing",
    "watching",
    "deleting",
    "validating",
    "custom",
    "serving",
):
    import_module(f"{__name__}.{_area}")

CHECKS = tuple(checks.CHECKS)
"""Every check."""
