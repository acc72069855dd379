"""Two-photon writing: the voxel, the lines that fill a part, their order, and what stands once they are written."""
