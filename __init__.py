"""wetprint: state the dried part, print the wet one."""

__version__ = "0.1.0"
