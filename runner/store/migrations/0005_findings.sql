CREATE TABLE findings (
    -- what was found in long lists and their campaigns, so that it need not be looked for again in
    -- what has not changed; nobody's number, and nothing that the files do not give as well
    subject TEXT PRIMARY KEY,
    contents TEXT NOT NULL,  -- the digests of what it was found in
    found TEXT NOT NULL      -- JSON
);
