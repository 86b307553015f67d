"""Files of regional registries: read into columns, and searched by the longest prefix."""
