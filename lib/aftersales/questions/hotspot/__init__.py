"""Where is it concentrated?"""
