"""WHAT CAME BACK: how calls and letters went."""
