"""What changed, and when?"""
