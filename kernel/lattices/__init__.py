"""The lattices on offer: one file each, one line here each."""
