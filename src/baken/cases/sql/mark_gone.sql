-- Closes the cases that a report type stayed silent about while it was delivered.
-- \set now '2026-11-27 00:00+00'    \set silence '14 days'
-- An empty report counts as delivered on the day in its name. No report speaks of a time after it
-- came in, and one of which no row could be read says nothing.
WITH delivered AS (
    SELECT feed, report_type, max(least(received_at,
        coalesce(observed_until, (report_date + 1)::timestamp AT TIME ZONE 'UTC')
    )) AS until
    FROM intake_batch
    WHERE observed_until IS NOT NULL OR rows_read = 0
    GROUP BY feed, report_type
)
UPDATE occasions_case AS c
SET state = 'gone', gone_at = :'now'
FROM delivered AS d
WHERE d.feed = c.feed AND d.report_type = c.report_type AND c.state = 'open'
    AND c.last_seen_at < least(d.until, :'now'::timestamptz) - :'silence'::interval
