"""Raw files in, clean tables out."""

import os
import warnings

# Importing pandera sets this to 1 for Spark's sake, and Arrow would then forget the zones of times
# in the whole process. Arrow takes an empty value for no.
os.environ.setdefault("PYARROW_IGNORE_TIMEZONE", "")

# Where PySpark is installed, pandera imports its pandas interface, which warns of pandas 3 on the
# first line of every report. We use neither that interface nor pandas tables of Spark.
warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
