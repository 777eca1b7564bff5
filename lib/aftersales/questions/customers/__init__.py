"""Who feels it, and how much?"""
