"""What is wrong: matches become cases."""
