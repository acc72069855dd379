"""The kernel: types that every room shares, geometry, drying, planning and motion. It imports nothing of ours."""
