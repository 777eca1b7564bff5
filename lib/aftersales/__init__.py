"""aftersales: a workbook for after-sales quality analysis."""

__version__ = "0.1.0"

__all__ = ["__version__", "load_project", "show", "show_provenance"]

_HOME = {
    "load_project": "aftersales.display.project",
    "show": "aftersales.display.show",
    "show_provenance": "aftersales.display.show",
}


def __getattr__(name: str):
    """Load the notebooks' three names on first use, so that the command line starts fast."""
    if name not in _HOME:
        raise AttributeError(f"module 'aftersales' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value
