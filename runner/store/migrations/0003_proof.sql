-- What settles doubt by evidence, what tells a state from its copy, and what was sent under
-- another name.

CREATE TABLE identity (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    id TEXT NOT NULL,        -- drawn once, or asked for by `state: {id}` of the settings
    generation INTEGER NOT NULL DEFAULT 0,  -- claims ever made: a backup of the state is behind
    inode INTEGER,           -- the file that a sender wrote last; NULL before the first
    born INTEGER,            -- when that was made: an inode is used again; NULL for unknown
    machine TEXT             -- where that was; empty where the system does not say
);
INSERT INTO identity (only_row, id) VALUES (1, lower(hex(randomblob(8))));

ALTER TABLE campaigns ADD COLUMN again TEXT;  -- the campaigns that it knowingly repeats, one a line
-- Who was sent the same under another name, without a walk through all campaigns at each look.
CREATE INDEX campaigns_by_message ON campaigns (message);
-- What was missed, and by a clock that was set may be in time after all: asked every second.
CREATE INDEX campaigns_missed ON campaigns (latest_until) WHERE state = 'missed';

-- The number of its newest claim, of all that there ever were: tells what came after what, whatever
-- the clock did. A receipt that comes late, for a batch in doubt, numbers it anew.
ALTER TABLE batches ADD COLUMN claim INTEGER;
CREATE INDEX batches_by_claim ON batches (account, claim) WHERE claim IS NOT NULL;
ALTER TABLE batches ADD COLUMN settled_by TEXT;  -- of one that was in doubt: evidence, person
-- A person said of a claim that it was not sent: reports of its task may come even so.
ALTER TABLE batches ADD COLUMN disowned INTEGER NOT NULL DEFAULT 0;
CREATE INDEX batches_in_doubt ON batches (account) WHERE state = 'in_doubt';
-- Accepted by a person's word alone: its task is still to be found.
CREATE INDEX batches_without_task ON batches (account) WHERE state = 'accepted' AND task_id IS NULL;
CREATE INDEX batches_disowned ON batches (account) WHERE disowned;

CREATE TABLE evidence (
    -- what speaks for a batch in doubt, in words for a person; it stays when it has settled it
    batch INTEGER NOT NULL REFERENCES batches (id),
    kind TEXT NOT NULL,      -- extno, reports, balance
    text TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (batch, kind)
) WITHOUT ROWID;

-- What was left when nothing was in flight: the fall since then can be told.
ALTER TABLE accounts ADD COLUMN base_balance TEXT;
ALTER TABLE accounts ADD COLUMN base_claim INTEGER;  -- the account's newest claim then; 0 for none
ALTER TABLE accounts ADD COLUMN base_at TEXT;
ALTER TABLE accounts ADD COLUMN base_bought TEXT;  -- what had ever been bought: tells a top-up
-- An answer in which nobody can read a report, such as the page of a gateway that is down, comes at
-- each poll of an outage: it is kept once and counted, so that an outage does not fill the disk.
ALTER TABLE report_journal ADD COLUMN times INTEGER NOT NULL DEFAULT 1;
ALTER TABLE report_journal ADD COLUMN last_received_at TEXT;  -- NULL where it came once
CREATE INDEX report_journal_without_reports ON report_journal (account) WHERE reports = 0;
-- How many reports the next query asks for: fewer while the line is bad, NULL for `reports.page`.
ALTER TABLE accounts ADD COLUMN report_page INTEGER;

-- Who sends to the same people by another program, and whether a report has its place already.
CREATE INDEX reports_by_mobile ON reports (account, mobile) WHERE matter = 'unmatched';
CREATE INDEX reports_by_task ON reports (account, task_id, mobile);
-- How many claims had ever been made when an answer was asked for: tells what was heard after a
-- claim, whatever the clock did. NULL for what an older version kept: nobody knows.
ALTER TABLE report_journal ADD COLUMN claims INTEGER;
-- What was heard since a claim, without a walk through all that ever was.
CREATE INDEX report_journal_by_claims ON report_journal (account, claims);
-- These also let an answer without a report go from the journal without a look at every row.
CREATE INDEX reports_by_journal ON reports (journal);
CREATE INDEX quarantine_by_journal ON quarantine (journal);
