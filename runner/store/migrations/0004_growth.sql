-- What is asked again and again must cost nothing of what is finished.

-- What the gateway refused for a while, among which the reports of no task are looked for.
CREATE INDEX batches_refused ON batches (account) WHERE refusals > 0;
-- What a file that is gone still concerns.
CREATE INDEX campaigns_live ON campaigns (id)
    WHERE frozen_at IS NULL OR state IN ('running', 'halted');
