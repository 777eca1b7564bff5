"""Clean tables on disk: folders, manifest, account, and the store that scans them."""
