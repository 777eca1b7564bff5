"""The Spark session that reads processed tables, started only when it is asked for."""

from __future__ import annotations

from typing import Any

from aftersales.errors import RequestError


def session() -> Any:
    """A Spark session that keeps region ids as text and times without a time zone."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise RequestError(
            'The engine "spark" needs the package pyspark, which is not installed. '
            'Install the extra with `pip install "aftersales[spark]"`, or use engine "duckdb".'
        ) from None
    builder = SparkSession.builder.appName("aftersales")
    builder = builder.config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
    return builder.getOrCreate()
