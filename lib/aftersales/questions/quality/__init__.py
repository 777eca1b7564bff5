"""Can we trust the data of this period?"""
