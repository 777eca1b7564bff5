"""Raw files in, clean tables out."""

import os

# Importing pandera sets this to 1 for Spark's sake, and Arrow would then forget the zones of times
# in the whole process. Arrow takes an empty value for no.
os.environ.setdefault("PYARROW_IGNORE_TIMEZONE", "")
