"""WHAT CAME BACK: how calls went."""
