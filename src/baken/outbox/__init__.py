"""What we tell: notifications, their deliveries, and the addresses we leave alone."""
