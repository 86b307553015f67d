"""Who is warned: organisations, their contacts, and the assets they are responsible for."""
