"""The heart: values and rules with no database, network, disk, clock or chance in them."""
