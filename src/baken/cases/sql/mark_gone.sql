-- Closes the cases that are no longer seen. Gone: its report type stayed silent about it while it was
-- delivered (not-seen), or no file of that type came while others of the feed did (type-empty), since
-- a feed may send none when it finds nothing. Where the whole feed fell silent, nobody looks.
-- Gives how many cases are gone now, and how many are no longer looked at.
-- \set now '2026-11-27 00:00+00'    \set silence '14 days'
-- An empty report counts as delivered on the day in its name. No report speaks of a time after it
-- came in, and one of which no row could be read says nothing.
WITH delivered AS (
    SELECT feed, report_type, max(received_at) AS received_at, max(least(received_at,
        coalesce(observed_until, (report_date + 1)::timestamp AT TIME ZONE 'UTC')
    )) AS until
    FROM intake_batch
    WHERE observed_until IS NOT NULL OR rows_read = 0
    GROUP BY feed, report_type
), of_feed AS (
    SELECT feed, max(received_at) AS received_at, max(until) AS until
    FROM delivered
    GROUP BY feed
), judged AS (
    SELECT c.id, CASE
        WHEN c.last_seen_at < least(d.until, :'now'::timestamptz) - :'silence'::interval
            THEN 'not-seen'
        WHEN c.last_seen_at < least(f.until, :'now'::timestamptz) - :'silence'::interval
            THEN 'type-empty'
        WHEN c.state = 'open'
            AND greatest(c.last_seen_at, f.received_at)
                < :'now'::timestamptz - :'silence'::interval
            THEN ''
    END AS reason
    FROM occasions_case AS c
    JOIN of_feed AS f USING (feed)
    LEFT JOIN delivered AS d USING (feed, report_type)
    WHERE c.state <> 'gone'
), closed AS (
    UPDATE occasions_case AS c
    SET state = CASE WHEN j.reason = '' THEN 'not-looked-at' ELSE 'gone' END,
        gone_at = :'now', gone_reason = j.reason
    FROM judged AS j
    WHERE c.id = j.id AND j.reason IS NOT NULL
    RETURNING j.reason
)
SELECT count(*) FILTER (WHERE reason <> ''), count(*) FILTER (WHERE reason = '') FROM closed
