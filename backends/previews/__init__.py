"""Ways to look at a part: one file each, one line here each."""
