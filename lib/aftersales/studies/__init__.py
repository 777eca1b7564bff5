"""Compare like with like and judge; never speak."""
