"""Why and about what we warn: occasions, and the cases that matches become."""
