"""Design rules that need geometry: one file each, one line here each."""
