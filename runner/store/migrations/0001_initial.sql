-- The first layout of the state. Times are UTC, ISO 8601 with milliseconds, as text; only the
-- millions of rows of `recipients` keep theirs as seconds since 1970.

CREATE TABLE workspace (
    -- whose state this is: another workspace is refused, or everything would be sent again
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    name TEXT NOT NULL,
    folder TEXT NOT NULL
);

CREATE TABLE messages (
    -- one row a content, by its digest: what is sent is what was planned, whatever the file says
    digest TEXT PRIMARY KEY,
    title BLOB NOT NULL,    -- form-encoded, as every request carries it
    content BLOB NOT NULL,  -- form-encoded
    bytes INTEGER NOT NULL  -- what counts against the account's limit
);

CREATE TABLE campaigns (
    id TEXT PRIMARY KEY,
    file TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,            -- why it is held, missed or halted
    title TEXT NOT NULL,
    account TEXT NOT NULL,
    start TEXT,             -- NULL: a draft that was not begun
    digest TEXT NOT NULL,
    message TEXT NOT NULL REFERENCES messages (digest),
    recipients INTEGER NOT NULL,
    planned_at TEXT NOT NULL,
    frozen_at TEXT          -- the first claim; from then on the file changes nothing
);

CREATE TABLE batches (
    -- AUTOINCREMENT: an id is never used again, since the gateway may echo it (extno)
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    campaign TEXT NOT NULL REFERENCES campaigns (id),
    seq INTEGER NOT NULL,
    account TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,            -- why it is rejected, in doubt or planned again
    recipients INTEGER NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    request_bytes INTEGER NOT NULL,
    digest TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,  -- how often it was claimed
    refusals INTEGER NOT NULL DEFAULT 0,  -- answers 7 (and 8, where the account retries it)
    not_before TEXT,        -- a retry waits until then
    token TEXT,             -- of the newest claim: an outcome lands only where it still matches
    owner TEXT,             -- the process that claimed it
    claimed_at TEXT,
    task_id TEXT,
    code INTEGER,           -- the gateway's last refusal
    accepted_at TEXT,
    report_deadline TEXT,   -- recipients without a report are `unreported` after it
    UNIQUE (campaign, seq)
);

-- What there is to claim and what is in flight, without a walk through what is finished; one index
-- a state, since SQLite uses a partial index only where the query says its very condition.
CREATE INDEX batches_planned ON batches (account) WHERE state = 'planned';
CREATE INDEX batches_submitting ON batches (account) WHERE state = 'submitting';
CREATE INDEX batches_by_state ON batches (campaign, state);
CREATE INDEX batches_by_task ON batches (account, task_id) WHERE task_id IS NOT NULL;

CREATE TABLE recipients (
    -- its report, else its batch's state, is the recipient's: an outcome touches one row, not 2000
    batch INTEGER NOT NULL REFERENCES batches (id),
    mobile INTEGER NOT NULL,
    delivered INTEGER,      -- 1 delivered, 0 failed, NULL no report yet
    received_at INTEGER,    -- seconds since 1970, as the report says
    error_code TEXT,        -- the carrier's own word
    PRIMARY KEY (batch, mobile)
) WITHOUT ROWID;

CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    reason TEXT,
    since TEXT NOT NULL,
    wrong_credentials INTEGER NOT NULL DEFAULT 0,  -- why it is suspended: reports rest then too
    probation INTEGER NOT NULL DEFAULT 0,     -- one request in flight until one is accepted
    ask_balance INTEGER NOT NULL DEFAULT 0,   -- nothing is claimed until a balance query succeeds
    unknowns INTEGER NOT NULL DEFAULT 0,      -- unknown outcomes in a row; three suspend
    unreachable INTEGER NOT NULL DEFAULT 0,   -- failures to reach the gateway in a row
    not_before TEXT,        -- nothing is claimed or asked before
    balance TEXT,           -- as the gateway wrote it
    balance_at TEXT,
    reports_received INTEGER NOT NULL DEFAULT 0,
    reports_stopped TEXT    -- why reports are not polled (answers 3 and 4 of the gateway)
);

CREATE TABLE report_journal (
    -- every answer of the report endpoint, durable before anything looks into it
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    received_at TEXT NOT NULL,
    http_status INTEGER NOT NULL,
    complete INTEGER NOT NULL,  -- 0: the line broke, or the size cap cut it
    body BLOB NOT NULL,
    state TEXT NOT NULL,        -- received, applied, quarantined (something of it could not be read)
    reports INTEGER             -- how many were read
);
CREATE INDEX report_journal_new ON report_journal (id) WHERE state = 'received';

CREATE TABLE reports (
    -- reports that are not their recipient's one report: `matter` says why they are kept here
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    journal INTEGER NOT NULL REFERENCES report_journal (id),
    account TEXT NOT NULL,
    task_id TEXT NOT NULL,
    mobile INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    received_at INTEGER,
    error_code TEXT NOT NULL,
    extno TEXT NOT NULL,
    matter TEXT NOT NULL        -- unmatched, repeated, overruled
);
CREATE INDEX reports_unmatched ON reports (account, task_id) WHERE matter = 'unmatched';

CREATE TABLE quarantine (
    -- answers and boxes that could not be read
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    journal INTEGER NOT NULL REFERENCES report_journal (id),
    account TEXT NOT NULL,
    reason TEXT NOT NULL,
    text TEXT NOT NULL
);

CREATE TABLE events (
    -- who or what changed which state, when and why
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    subject TEXT NOT NULL,      -- campaign, batch, account, report
    name TEXT NOT NULL,
    old_state TEXT,
    new_state TEXT,
    reason TEXT
);
CREATE INDEX events_by_subject ON events (subject, name);
CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER events_are_never_removed BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;

CREATE VIEW batch_progress AS
SELECT
    id, campaign, seq, state, recipients, delivered, failed,
    recipients - delivered - failed AS silent,
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
    0 AS cancelled,
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
