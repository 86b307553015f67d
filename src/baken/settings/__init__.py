"""What the environment says (`environment`), Django's settings from it, the embedded database."""
