"""Like with like: standardised, stratified, mix and rate."""
