"""When in their life do units fail?"""
