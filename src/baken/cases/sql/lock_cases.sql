-- Only the holder of this lock inserts cases or moves last_seen_at, to the end of its transaction:
-- two reports about the same systems would otherwise lock them in different orders, or open a case
-- twice.
SELECT pg_advisory_xact_lock(hashtextextended('occasions_case', 0))
