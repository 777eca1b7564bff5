"""Tables that have no rows, and say why."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def no_rows(text: str, *, columns: Sequence[str] = ()) -> pd.DataFrame:
    """An empty table; readers are told `text` in its place (see `tables.table_html`).

    >>> no_rows("No alarm is on.").attrs["nothing"]
    'No alarm is on.'
    """
    frame = pd.DataFrame(columns=list(columns))
    frame.attrs["nothing"] = text
    return frame
