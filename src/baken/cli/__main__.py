"""``python -m baken.cli``: the command line, where the program itself is not on the path."""

from baken.cli import main

main()
