"""When in their life units fail, beside comparable ones."""
