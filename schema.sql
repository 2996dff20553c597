-- The whole database, as a new install sees it.
--
-- The journal (meeting_audit_logs) is the truth. The other tables of meetings are folds of it, written
-- in the transaction that appends to it, for REST, reports and your own SQL; what is no fold says so.
-- Write to none of them while the server runs; read as much as you like, in short transactions.
--
-- Times are TEXT, RFC 3339 in UTC with milliseconds (2026-11-22T10:00:00.123Z), so that they sort as
-- text. Booleans are 0 and 1. Foreign keys are enforced on every connection that the server opens.
-- Indexes of your own, and views, are welcome: nothing here minds them.

PRAGMA application_id = 1364545362;  -- "QUOR": how a file is known to be ours
PRAGMA user_version = 1;             -- the version of this schema

-- People, guests, and the system, who acts for timers. NOT A FOLD: a row is written with the first
-- event that names its user, and is pseudonymised at most, never deleted.
CREATE TABLE users (
    id            INTEGER PRIMARY KEY,
    username      VARCHAR(200) NOT NULL UNIQUE,   -- the subject of a token; made up for guests
    email         VARCHAR(320),                   -- known to be theirs, in lower case; several accounts may share one
    password_hash VARCHAR(256),                   -- of the older application; nothing reads it
    full_name     VARCHAR(120),                   -- the name shown
    kind          VARCHAR(10)  NOT NULL DEFAULT 'member'
                  CHECK (kind IN ('member', 'guest', 'bot', 'system')),
    is_active     BOOLEAN      NOT NULL DEFAULT 1, -- 0: may no longer come in
    is_admin      BOOLEAN      NOT NULL DEFAULT 0, -- administers the server
    -- Goes up when their private calendar address is made anew; the address is made of it.
    calendar_version INTEGER   NOT NULL DEFAULT 0,
    created_at    TIMESTAMP    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    last_login    TIMESTAMP
);
CREATE INDEX idx_user_email ON users(email) WHERE email IS NOT NULL;
CREATE INDEX idx_user_admin ON users(id) WHERE is_admin = 1;
INSERT INTO users (id, username, full_name, kind) VALUES (0, 'system', 'System', 'system');

-- Users of the configured issuer (OpenID Connect), by what it calls them. NOT A FOLD.
CREATE TABLE user_identities (
    issuer     VARCHAR(300) NOT NULL,
    subject    VARCHAR(255) NOT NULL,
    user_id    INTEGER      NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    created_at TIMESTAMP    NOT NULL,
    PRIMARY KEY (issuer, subject)
) WITHOUT ROWID;
CREATE INDEX idx_identity_user ON user_identities(user_id);

-- API keys and bot tokens. NOT A FOLD. A secret is 256 random bits, so that its plain hash will do.
CREATE TABLE tokens (
    id           INTEGER PRIMARY KEY,
    owner_id     INTEGER      NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    user_id      INTEGER      NOT NULL REFERENCES users(id) ON DELETE CASCADE,  -- whom it is: the owner, or the bot
    kind         VARCHAR(10)  NOT NULL CHECK (kind IN ('api', 'bot')),
    name         VARCHAR(80)  NOT NULL,
    secret_hash  BLOB         NOT NULL UNIQUE,      -- SHA-256
    scopes       JSON,                              -- permissions by name; null: all of its owner's
    meetings     JSON,                              -- ids; null: all that it reaches
    created_at   TIMESTAMP    NOT NULL,
    expires_at   TIMESTAMP,
    last_used_at TIMESTAMP,                         -- to the minute
    revoked_at   TIMESTAMP
);
CREATE INDEX idx_token_owner ON tokens(owner_id);

-- Signed-in browsers: what the cookie that renews a short-lived token is known by. NOT A FOLD.
CREATE TABLE sign_ins (
    secret_hash  BLOB         PRIMARY KEY,          -- SHA-256 of the cookie
    user_id      INTEGER      NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    claims       JSON         NOT NULL,             -- what the tokens renewed by it say
    created_at   TIMESTAMP    NOT NULL,
    expires_at   TIMESTAMP    NOT NULL,
    last_used_at TIMESTAMP    NOT NULL
) WITHOUT ROWID;
CREATE INDEX idx_sign_in_user ON sign_ins(user_id);
CREATE INDEX idx_sign_in_expiry ON sign_ins(expires_at);

-- Answers to requests with an Idempotency-Key, given again for 24 hours. NOT A FOLD.
CREATE TABLE idempotency_keys (
    user_id     INTEGER      NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    key         VARCHAR(200) NOT NULL,
    fingerprint BLOB         NOT NULL,              -- keyed BLAKE3 of method, path and body
    status      INTEGER      NOT NULL,              -- of the answer
    location    VARCHAR(300),                       -- its Location header
    body        TEXT,                               -- null: read again where `location` points;
                                                    --   with no location, a secret that is given once
    created_at  TIMESTAMP    NOT NULL,
    PRIMARY KEY (user_id, key)
) WITHOUT ROWID;
CREATE INDEX idx_idempotency_age ON idempotency_keys(created_at);

-- Meetings, as their journals leave them.
CREATE TABLE meetings (
    id                INTEGER PRIMARY KEY,
    title             VARCHAR(200) NOT NULL,
    description       TEXT,
    host_id           INTEGER      NOT NULL REFERENCES users(id),  -- who runs it now
    owner_id          INTEGER      NOT NULL REFERENCES users(id),  -- who made it
    start_time        TIMESTAMP,                  -- planned; null: whenever people come
    end_time          TIMESTAMP,                  -- planned
    started_at        TIMESTAMP,                  -- in fact
    ended_at          TIMESTAMP,                  -- in fact; null while it runs
    status            VARCHAR(20)  NOT NULL DEFAULT 'scheduled'
                      CHECK (status IN ('scheduled', 'in_progress', 'completed', 'cancelled')),
    locked            BOOLEAN      NOT NULL DEFAULT 0,
    suspended         BOOLEAN      NOT NULL DEFAULT 0,
    meeting_code      VARCHAR(32)  UNIQUE,        -- the code in links
    password          VARCHAR(200),               -- the passcode's argon2id hash; in no event
    meeting_type      VARCHAR(20)  NOT NULL DEFAULT 'regular',  -- regular, recurring, private
    max_participants  INTEGER,                    -- people present at most
    requires_approval BOOLEAN      NOT NULL DEFAULT 0,          -- the waiting room
    is_recorded       BOOLEAN      NOT NULL DEFAULT 0,
    recording_url     VARCHAR(500),
    recurring_pattern VARCHAR(2000),              -- of a series: its recurrence, as JSON
    parent_meeting_id INTEGER      REFERENCES meetings(id) ON DELETE SET NULL,  -- of an occurrence: its series
    original_start    TIMESTAMP,                  -- of an occurrence: when the rule puts it
    follows_meeting_id INTEGER     REFERENCES meetings(id) ON DELETE SET NULL,  -- of a series: the one it goes on with
    series_version    INTEGER      NOT NULL DEFAULT 0,          -- of a series: rises when its occurrences are to
                                                                -- follow; of an occurrence: what it has followed
    time_zone         VARCHAR(64),                -- IANA; where its wall-clock times are meant
    calendar_sequence INTEGER      NOT NULL DEFAULT 0,          -- SEQUENCE in calendar files
    revision          INTEGER      NOT NULL DEFAULT 0,          -- the last event that changed the meeting itself
    settings          JSON         NOT NULL DEFAULT '{}',       -- as the REST interface has them
    next_deadline     TIMESTAMP,                  -- when it must be woken; null: nothing is due
    last_alive        TIMESTAMP,                  -- when its server last said that it lives
    created_at        TIMESTAMP    NOT NULL,
    updated_at        TIMESTAMP    NOT NULL
);
CREATE INDEX idx_meeting_type ON meetings(meeting_type);
CREATE INDEX idx_meeting_parent ON meetings(parent_meeting_id);
CREATE UNIQUE INDEX idx_meeting_occurrence ON meetings(parent_meeting_id, original_start)
    WHERE original_start IS NOT NULL;
CREATE INDEX idx_meeting_host ON meetings(host_id);
CREATE INDEX idx_meeting_owner ON meetings(owner_id, coalesce(start_time, created_at), id);
CREATE INDEX idx_meeting_deadline ON meetings(next_deadline) WHERE next_deadline IS NOT NULL;
CREATE INDEX idx_meeting_started ON meetings(started_at) WHERE started_at IS NOT NULL;
CREATE INDEX idx_meeting_running ON meetings(coalesce(start_time, created_at), id)
    WHERE status = 'in_progress';
CREATE INDEX idx_meeting_to_come ON meetings(parent_meeting_id)
    WHERE status = 'scheduled' AND parent_meeting_id IS NOT NULL;
-- The order of lists: by start, or by creation where there is none.
CREATE INDEX idx_meeting_order ON meetings(coalesce(start_time, created_at), id);
CREATE INDEX idx_meeting_host_order ON meetings(host_id, coalesce(start_time, created_at), id);
CREATE INDEX idx_meeting_parent_order ON meetings(parent_meeting_id, coalesce(start_time, created_at), id)
    WHERE parent_meeting_id IS NOT NULL;

-- A user's place in a meeting: one row, kept when they leave and come back.
CREATE TABLE meeting_participants (
    id                  INTEGER PRIMARY KEY,
    meeting_id          INTEGER     NOT NULL REFERENCES meetings(id) ON DELETE CASCADE,
    user_id             INTEGER     NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    -- attendee, presenter, moderator, or a custom role's key. The host stands in meetings.host_id and co-hosts in
    -- meeting_co_hosts; both keep here what they are without that.
    role                VARCHAR(20) NOT NULL DEFAULT 'attendee',
    -- Admission, not presence: who withdrew stays pending, who left stays approved.
    status              VARCHAR(20) NOT NULL DEFAULT 'pending'
                        CHECK (status IN ('pending', 'approved', 'declined')),
    waiting_since       TIMESTAMP,                -- null: does not wait
    first_joined_at     TIMESTAMP,
    joined_at           TIMESTAMP,                -- when they last came in
    left_at             TIMESTAMP,                -- null with joined_at set: present
    removed_at          TIMESTAMP,                -- put out by staff, and not let in since
    exclude_from_report BOOLEAN     NOT NULL DEFAULT 0,  -- left out of scores and reports
    -- MEASURED, and so NO FOLD: written every few seconds, and when they leave.
    total_time          INTEGER     NOT NULL DEFAULT 0,  -- there, in seconds
    talk_ms             INTEGER     NOT NULL DEFAULT 0,  -- speaking, in milliseconds
    reactions           INTEGER     NOT NULL DEFAULT 0,  -- at most one in ten seconds
    connection_quality  JSON,                     -- as the REST interface has it
    participation_score REAL,                     -- 0 to 100
    engagement          JSON,                     -- what that is made of, once the meeting is over
    feedback            JSON,                     -- what they said of it: {rating, comment, tags, at}
    created_at          TIMESTAMP   NOT NULL,
    UNIQUE (meeting_id, user_id)
);
CREATE INDEX idx_participant_role ON meeting_participants(role);
CREATE INDEX idx_participant_status ON meeting_participants(status);
CREATE INDEX idx_participant_user ON meeting_participants(user_id);
CREATE INDEX idx_participant_meeting ON meeting_participants(meeting_id);
CREATE INDEX idx_participant_present ON meeting_participants(meeting_id)
    WHERE joined_at IS NOT NULL AND left_at IS NULL;
CREATE INDEX idx_participant_waiting ON meeting_participants(meeting_id)
    WHERE waiting_since IS NOT NULL;

-- What was measured of someone, minute by minute. NO FOLD: what was measured is nowhere else.
CREATE TABLE meeting_minutes (
    meeting_id     INTEGER   NOT NULL REFERENCES meetings(id) ON DELETE CASCADE,
    participant_id INTEGER   NOT NULL REFERENCES meeting_participants(id) ON DELETE CASCADE,
    at             TIMESTAMP NOT NULL,            -- when the minute begins
    talk_ms        INTEGER   NOT NULL DEFAULT 0,  -- speaking, in milliseconds
    source         VARCHAR(10) CHECK (source IN ('client', 'bot', 'sfu')),  -- who said so
    samples        INTEGER   NOT NULL DEFAULT 0,  -- how often the connection was measured
    r              REAL,                          -- the mean R of these, 0 to 100 (ITU-T G.107)
    rtt_ms         REAL,                          -- their mean round trip
    jitter_ms      REAL,
    loss_pct       REAL,
    PRIMARY KEY (meeting_id, participant_id, at)
) WITHOUT ROWID;

-- Feedback of meetings where nobody is to know who said what. NO FOLD. `voter` is an HMAC of user and meeting,
-- whose key is deleted when feedback closes; there is no time and no order by which to find out.
CREATE TABLE meeting_ballots (
    meeting_id INTEGER      NOT NULL REFERENCES meetings(id) ON DELETE CASCADE,
    voter      BLOB         NOT NULL,
    rating     INTEGER      NOT NULL CHECK (rating BETWEEN 1 AND 5),
    comment    VARCHAR(2000),
    tags       JSON         NOT NULL DEFAULT '[]',
    PRIMARY KEY (meeting_id, voter)
) WITHOUT ROWID;
CREATE TABLE meeting_ballot_keys (
    meeting_id INTEGER      PRIMARY KEY REFERENCES meetings(id) ON DELETE CASCADE,
    key        BLOB         NOT NULL
);

-- Digests: reports in short, of meetings that ran and are over: a cache, so that a list of meetings need not fold their
-- journals. Made again where `made` is not `changes`, and where the settings were others.
CREATE TABLE meeting_digests (
    meeting_id INTEGER      PRIMARY KEY REFERENCES meetings(id) ON DELETE CASCADE,
    changes    INTEGER      NOT NULL DEFAULT 1,   -- how often what it is made of was changed
    made       INTEGER,                           -- after which of these it was made; NULL: not yet
    made_under VARCHAR(200),                      -- formulas and settings that it was made under
    frozen     BOOLEAN      NOT NULL DEFAULT 0,   -- what it was made of is deleted: it stays as it is
    digest     JSON
);
CREATE INDEX idx_digest_stale ON meeting_digests(meeting_id) WHERE made IS NOT changes;

-- Who runs a meeting with its host, whether they ever came or not; in the order of appointment.
CREATE TABLE meeting_co_hosts (
    id         INTEGER PRIMARY KEY,
    meeting_id INTEGER   NOT NULL,
    user_id    INTEGER   NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (meeting_id, user_id),
    FOREIGN KEY (meeting_id) REFERENCES meetings(id) ON DELETE CASCADE,
    FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX idx_co_host_meeting ON meeting_co_hosts(meeting_id);
CREATE INDEX idx_co_host_user ON meeting_co_hosts(user_id);

-- Who may not come in.
CREATE TABLE meeting_bans (
    meeting_id INTEGER   NOT NULL REFERENCES meetings(id) ON DELETE CASCADE,
    user_id    INTEGER   NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    until      TIMESTAMP,                         -- null: as long as the meeting lives
    scope      VARCHAR(10) NOT NULL DEFAULT 'meeting' CHECK (scope IN ('meeting', 'series')),
    -- Whom it keeps out: the user; all with their verified address, which the journal holds; a device.
    key        VARCHAR(10) NOT NULL DEFAULT 'user' CHECK (key IN ('user', 'email', 'device')),
    reason     TEXT,                              -- for staff; goes when its event is redacted
    by_user_id INTEGER   NOT NULL REFERENCES users(id),
    seq        INTEGER   NOT NULL,                -- the event that banned
    reason_seq INTEGER,                           -- the event that holds the reason
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (meeting_id, user_id)
);
CREATE UNIQUE INDEX idx_ban_event ON meeting_bans(meeting_id, seq);
CREATE INDEX idx_ban_user ON meeting_bans(user_id);

-- Who is invited: a user, or whoever has the address, verified.
CREATE TABLE meeting_invitees (
    meeting_id INTEGER   NOT NULL REFERENCES meetings(id) ON DELETE CASCADE,
    invitee_id INTEGER   NOT NULL,                -- counted from 1 in each meeting
    user_id    INTEGER   REFERENCES users(id) ON DELETE CASCADE,
    email      VARCHAR(320),                      -- in lower case; goes when its event is redacted
    required   BOOLEAN   NOT NULL DEFAULT 0,      -- expected, and not only welcome
    seq        INTEGER   NOT NULL,                -- the event that invited
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (meeting_id, invitee_id)
);
CREATE INDEX idx_invitee_event ON meeting_invitees(meeting_id, seq);
CREATE INDEX idx_invitee_user ON meeting_invitees(user_id, meeting_id) WHERE user_id IS NOT NULL;
CREATE INDEX idx_invitee_email ON meeting_invitees(email, meeting_id) WHERE email IS NOT NULL;

-- Which meetings are whose besides those that they host or own, in the order of lists: so that the first page
-- of fifty thousand takes no longer than that of ten. Made of the tables before by the triggers after it.
CREATE TABLE meeting_ties (
    who        NOT NULL,                          -- a user's id, or an address that is invited
    tie        VARCHAR(11) NOT NULL CHECK (tie IN ('co_host', 'invitee', 'participant')),
    sort       TIMESTAMP   NOT NULL,              -- the meeting's start, or its creation where it has none
    meeting_id INTEGER     NOT NULL REFERENCES meetings(id) ON DELETE CASCADE,
    PRIMARY KEY (who, tie, sort, meeting_id)
) WITHOUT ROWID;
CREATE INDEX idx_tie_meeting ON meeting_ties(meeting_id);

CREATE TRIGGER tie_co_host AFTER INSERT ON meeting_co_hosts
BEGIN
    INSERT OR IGNORE INTO meeting_ties SELECT NEW.user_id, 'co_host', coalesce(start_time, created_at), id
    FROM meetings WHERE id = NEW.meeting_id;
END;
CREATE TRIGGER untie_co_host AFTER DELETE ON meeting_co_hosts
BEGIN
    DELETE FROM meeting_ties WHERE meeting_id = OLD.meeting_id AND who = OLD.user_id AND tie = 'co_host'
    AND sort = (SELECT coalesce(start_time, created_at) FROM meetings WHERE id = OLD.meeting_id);
END;
CREATE TRIGGER tie_participant AFTER INSERT ON meeting_participants
BEGIN
    INSERT OR IGNORE INTO meeting_ties SELECT NEW.user_id, 'participant', coalesce(start_time, created_at), id
    FROM meetings WHERE id = NEW.meeting_id;
END;
CREATE TRIGGER untie_participant AFTER DELETE ON meeting_participants
BEGIN
    DELETE FROM meeting_ties WHERE meeting_id = OLD.meeting_id AND who = OLD.user_id AND tie = 'participant'
    AND sort = (SELECT coalesce(start_time, created_at) FROM meetings WHERE id = OLD.meeting_id);
END;
CREATE TRIGGER tie_invitee AFTER INSERT ON meeting_invitees
WHEN coalesce(NEW.user_id, NEW.email) IS NOT NULL
BEGIN
    INSERT OR IGNORE INTO meeting_ties
    SELECT coalesce(NEW.user_id, NEW.email), 'invitee', coalesce(start_time, created_at), id
    FROM meetings WHERE id = NEW.meeting_id;
END;
CREATE TRIGGER untie_invitee AFTER DELETE ON meeting_invitees
BEGIN
    DELETE FROM meeting_ties WHERE meeting_id = OLD.meeting_id AND who = coalesce(OLD.user_id, OLD.email)
    AND tie = 'invitee'
    AND sort = (SELECT coalesce(start_time, created_at) FROM meetings WHERE id = OLD.meeting_id);
END;
CREATE TRIGGER untie_redacted_invitee AFTER UPDATE OF email ON meeting_invitees
WHEN NEW.email IS NULL AND OLD.email IS NOT NULL AND OLD.user_id IS NULL
BEGIN
    DELETE FROM meeting_ties WHERE meeting_id = OLD.meeting_id AND who = OLD.email AND tie = 'invitee'
    AND sort = (SELECT coalesce(start_time, created_at) FROM meetings WHERE id = OLD.meeting_id);
END;
CREATE TRIGGER ties_follow_the_start AFTER UPDATE OF start_time, created_at ON meetings
WHEN coalesce(NEW.start_time, NEW.created_at) <> coalesce(OLD.start_time, OLD.created_at)
BEGIN
    UPDATE meeting_ties SET sort = coalesce(NEW.start_time, NEW.created_at) WHERE meeting_id = NEW.id;
END;

-- Custom roles for all meetings, as admins define them. NOT A FOLD: a meeting that uses one has its own
-- copy in its journal, as role.defined.
CREATE TABLE roles (
    key        VARCHAR(31)  PRIMARY KEY,
    label      VARCHAR(80)  NOT NULL,
    based_on   VARCHAR(20)  NOT NULL,             -- moderator, presenter, attendee
    rank       INTEGER      NOT NULL,             -- 21 to 79
    grants     JSON         NOT NULL DEFAULT '[]', -- permissions beyond that role, by name
    denies     JSON         NOT NULL DEFAULT '[]', -- permissions of that role which it lacks
    version    INTEGER      NOT NULL,             -- rises with each change
    created_at TIMESTAMP    NOT NULL,
    updated_at TIMESTAMP    NOT NULL
) WITHOUT ROWID;

-- The journal: everything that happened, numbered 1, 2, 3 … in each meeting. THE TRUTH, AND NO FOLD.
-- `quorate audit verify` checks it: `hash` is BLAKE3 over the hash of the row before and every column
-- of this one but id, personal and salt. `personal` is in it as `personal_hash`, which is BLAKE3 over
-- salt and personal; a redaction takes the two away, and a later event `redacted` names the row.
CREATE TABLE meeting_audit_logs (
    id             INTEGER PRIMARY KEY,
    meeting_id     INTEGER      NOT NULL,
    seq            INTEGER      NOT NULL,
    user_id        INTEGER      NOT NULL,         -- who did it; 0 is the system
    participant_id INTEGER,                       -- their place in the meeting, if they have one
    action         VARCHAR(50)  NOT NULL,         -- the event's type, as in participant.joined
    details        JSON,                          -- structure: ids, roles, reasons by name
    audience       TEXT         NOT NULL,         -- who may see it: everyone, nobody, rank:60, can:…, +ids
    created_at     TIMESTAMP    NOT NULL,
    session_id     VARCHAR(36),                   -- with the last event of a command: who sent it,
    command_id     INTEGER,                       --   its id there,
    answer         JSON,                          --   and what was answered
    personal       JSON,                          -- names, texts, reasons; null: there were none, or redacted
    salt           BLOB,                          -- 16 random bytes, there while `personal` is
    personal_hash  BLOB,                          -- null: there never was a personal part
    via            VARCHAR(10),                   -- admin: by the right of an administrator of the server
    hash           BLOB         NOT NULL,
    UNIQUE (meeting_id, seq),
    FOREIGN KEY (meeting_id) REFERENCES meetings(id) ON DELETE CASCADE,
    FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX idx_audit_meeting ON meeting_audit_logs(meeting_id);
CREATE INDEX idx_audit_user ON meeting_audit_logs(user_id);
CREATE INDEX idx_audit_action ON meeting_audit_logs(action);
-- A user's activity, newest first.
CREATE INDEX idx_audit_user_time ON meeting_audit_logs(user_id, id);

-- What happened stays, also when the meeting or the user would go: their deletion is refused too.
CREATE TRIGGER journal_is_kept BEFORE DELETE ON meeting_audit_logs
BEGIN
    SELECT RAISE(ABORT, 'the journal is never deleted from');
END;

-- A redaction may take `personal` and `salt` away, and nothing may do anything else.
CREATE TRIGGER journal_is_not_altered BEFORE UPDATE ON meeting_audit_logs
WHEN NOT (
    NEW.personal IS NULL AND NEW.salt IS NULL
    AND NEW.id IS OLD.id AND NEW.meeting_id IS OLD.meeting_id AND NEW.seq IS OLD.seq
    AND NEW.user_id IS OLD.user_id AND NEW.participant_id IS OLD.participant_id
    AND NEW.action IS OLD.action AND NEW.details IS OLD.details
    AND NEW.audience IS OLD.audience AND NEW.created_at IS OLD.created_at
    AND NEW.session_id IS OLD.session_id AND NEW.command_id IS OLD.command_id
    AND NEW.answer IS OLD.answer AND NEW.personal_hash IS OLD.personal_hash
    AND NEW.via IS OLD.via
    AND NEW.hash IS OLD.hash
)
BEGIN
    SELECT RAISE(ABORT, 'the journal is never changed, but for redactions');
END;

-- Rows of the older application that could not be taken over, whole; `quorate migrate` writes it. NOT A FOLD.
CREATE TABLE migration_quarantine (
    id     INTEGER      PRIMARY KEY,
    source VARCHAR(100) NOT NULL,                 -- the table
    row    JSON         NOT NULL,                 -- the row as it was
    reason TEXT         NOT NULL                  -- why it was taken out
);
