"""Emulated machines that keep the physical truth; they are the sim rig and the referees of the tests."""
