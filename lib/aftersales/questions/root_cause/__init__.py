"""What best explains it?"""
