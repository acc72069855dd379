"""Ways to carry bytes to a machine: one file each, one line here each."""
