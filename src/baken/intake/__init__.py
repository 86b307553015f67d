"""What came in: the batches received and the rows that could not be read."""
