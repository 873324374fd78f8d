-- The numbers of a batch as its request names them, from the plan to the first claim: to read them
-- from their rows costs as much as all else of a claim. After it the rows alone are right.
ALTER TABLE batches ADD COLUMN numbers TEXT;

-- What is asked again and again must cost nothing of what is finished.

-- What the gateway refused for a while, among which the reports of no task are looked for.
CREATE INDEX batches_refused ON batches (account) WHERE refusals > 0;
-- What was in doubt once: it may explain the fall of a balance.
CREATE INDEX batches_settled ON batches (account) WHERE settled_by IS NOT NULL;
-- What a file that is gone still concerns.
CREATE INDEX campaigns_live ON campaigns (id)
    WHERE frozen_at IS NULL OR state IN ('running', 'halted');

-- Whose reports are still awaited: those of a few days, of all that was ever accepted.
CREATE INDEX batches_by_deadline ON batches (report_deadline) WHERE state = 'accepted';
-- Those that started last, which `status` shows though they are over. Not of all campaigns: SQLite
-- would take it to find what is due.
CREATE INDEX campaigns_over ON campaigns (start) WHERE state IN ('finished', 'cancelled');
-- How much could not be read, without a walk through the texts themselves.
CREATE INDEX quarantine_by_account ON quarantine (account);
