"""Machine languages: one file each, one line here each."""
