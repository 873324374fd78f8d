-- What the daemon needs to go on from the state alone, whatever has become of the files: when a
-- campaign may begin and go on, who put a brake on what, and which files are in force.

ALTER TABLE campaigns ADD COLUMN latest_until TEXT;  -- later than this it does not begin by itself
ALTER TABLE campaigns ADD COLUMN until TEXT;         -- nothing is claimed after it
ALTER TABLE campaigns ADD COLUMN hours TEXT;         -- such as 08:00-21:00, in the workspace's zone
ALTER TABLE campaigns ADD COLUMN starts_at_gateway INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaigns ADD COLUMN fresh_until TEXT;   -- when the first of its lists is too old
ALTER TABLE campaigns ADD COLUMN contents TEXT;      -- digest of all its requests
ALTER TABLE campaigns ADD COLUMN drifted INTEGER NOT NULL DEFAULT 0;  -- the file differs by now
ALTER TABLE campaigns ADD COLUMN claimed_at TEXT;    -- the newest claim: who waited longest is next

-- Small whatever the state has finished: what may be claimed, and what is to begin.
CREATE INDEX campaigns_running ON campaigns (account) WHERE state = 'running';
CREATE INDEX campaigns_scheduled ON campaigns (start) WHERE state = 'scheduled';

-- The next batch of a campaign without a walk through those that wait: what was never tried first.
CREATE INDEX batches_next ON batches (campaign, not_before, id) WHERE state = 'planned';
DROP INDEX batches_planned;

-- A person who opted out after the plan; the batch goes out without them.
ALTER TABLE recipients ADD COLUMN cancelled TEXT;    -- why
ALTER TABLE batches ADD COLUMN cancelled INTEGER NOT NULL DEFAULT 0;  -- how many of them

-- When the account's line is free again, so that a restart does not send faster than agreed.
ALTER TABLE accounts ADD COLUMN next_request TEXT;   -- by its rate
ALTER TABLE accounts ADD COLUMN next_people TEXT;    -- by its pace
ALTER TABLE accounts ADD COLUMN last_people INTEGER NOT NULL DEFAULT 0;  -- who took it until then

CREATE TABLE brakes (
    -- each is lifted by its own source alone, and all must let go
    subject TEXT NOT NULL,  -- campaign, account, all
    name TEXT NOT NULL,     -- which one; empty for all
    source TEXT NOT NULL,   -- command, file, guard
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (subject, name, source)
) WITHOUT ROWID;

CREATE VIEW stopped_campaigns AS
-- What nobody may begin or claim. A guard's brake is not among these: what set it is looked at
-- itself before every request, and so lifts it again.
SELECT c.id AS campaign
FROM campaigns AS c
WHERE EXISTS (
    SELECT 1 FROM brakes AS b
    WHERE b.source <> 'guard' AND (
        b.subject = 'all' OR (b.subject = 'account' AND b.name = c.account)
        OR (b.subject = 'campaign' AND b.name = c.id)
    )
);

ALTER TABLE workspace ADD COLUMN read_at TEXT;       -- when the files in force were read
ALTER TABLE workspace ADD COLUMN revision TEXT;      -- the git commit that they are
ALTER TABLE workspace ADD COLUMN problem TEXT;       -- why newer files are not in force

CREATE TABLE reloads (
    -- what people ask of the daemon, and its answer
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    asked_at TEXT NOT NULL,
    actor TEXT NOT NULL,
    forced INTEGER NOT NULL,
    done_at TEXT,
    problem TEXT,           -- why nothing was changed; NULL where the files are in force
    refused INTEGER NOT NULL DEFAULT 0  -- 1: it would unschedule too much, unless it is forced
);

DROP VIEW recipient_status;
DROP VIEW campaign_progress;
DROP VIEW batch_progress;

CREATE VIEW batch_progress AS
SELECT
    id, campaign, seq, state, recipients, delivered, failed, cancelled,
    recipients - delivered - failed - cancelled AS silent,
    -- never NULL, or the counts would not add up
    state = 'accepted'
        AND coalesce(report_deadline < strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 0) AS overdue
FROM batches;

CREATE VIEW campaign_progress AS
SELECT
    c.id AS campaign,
    c.state,
    c.title,
    c.start,
    c.recipients AS total,
    coalesce(sum(b.silent) FILTER (WHERE b.state IN ('planned', 'submitting')), 0) AS pending,
    coalesce(sum(b.silent) FILTER (WHERE b.state = 'accepted' AND NOT b.overdue), 0) AS submitted,
    coalesce(sum(b.delivered), 0) AS delivered,
    coalesce(sum(b.failed), 0) AS failed,
    coalesce(sum(b.silent) FILTER (WHERE b.state = 'rejected'), 0) AS rejected,
    coalesce(sum(b.silent) FILTER (WHERE b.state = 'in_doubt'), 0) AS in_doubt,
    coalesce(sum(b.silent) FILTER (WHERE b.state = 'cancelled'), 0)
        + coalesce(sum(b.cancelled), 0) AS cancelled,
    coalesce(sum(b.silent) FILTER (WHERE b.overdue), 0) AS unreported
FROM campaigns AS c
LEFT JOIN batch_progress AS b ON b.campaign = c.id
GROUP BY c.id;

CREATE VIEW recipient_status AS
SELECT
    b.campaign,
    r.mobile,
    CASE
        WHEN r.delivered = 1 THEN 'delivered'
        WHEN r.delivered = 0 THEN 'failed'
        WHEN r.cancelled IS NOT NULL THEN 'cancelled'
        WHEN b.state IN ('planned', 'submitting') THEN 'pending'
        WHEN b.state = 'accepted' AND b.report_deadline < strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
            THEN 'unreported'
        WHEN b.state = 'accepted' THEN 'submitted'
        ELSE b.state
    END AS state,
    r.batch,
    b.seq,
    b.task_id,
    datetime(r.received_at, 'unixepoch') AS received_at,
    r.error_code
FROM recipients AS r
JOIN batches AS b ON b.id = r.batch;
