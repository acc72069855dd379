"""What lattices, paths and solids are made with: lines, cells, curves, letters, meshes, and how filaments are cut."""
