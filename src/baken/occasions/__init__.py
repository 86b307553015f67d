"""Why we warn: threats and standing occasions, their selection, and their release."""
