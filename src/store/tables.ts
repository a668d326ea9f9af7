/** The tables as kysely sees them; `migrations/` is the truth. Times are read as `Date`, int8 as number. */
import type { ColumnType, Generated } from "kysely";
import type { Effect } from "../core/decision.ts";
import type { Verdict } from "../core/feedback.ts";
import type { Incoming } from "../core/incoming.ts";
import type { WebPost } from "../core/pages.ts";
import type { Progress, Session, SurfaceName, Turn, TurnResult } from "../core/types.ts";
import type { JournalEntry } from "../wire/events.ts";

/** jsonb: an object when read, JSON text when written. */
type Json<T> = ColumnType<T, string, string>;
type Time = ColumnType<Date, Date | string | undefined, Date | string>;

export interface Tables {
  sessions: {
    id: string;
    epoch: Generated<number>;
    owner: string | null;
    state: Json<Session>;
    stream_epoch: string | null;
    stream_cursor: Generated<number>;
    place: Generated<number | null>;
    created_at: Time;
    updated_at: Time;
  };
  keys: { key: string; session_id: string; claimed_at: Time };
  inbox: {
    seq: Generated<number>;
    dedupe: string;
    session_id: string | null;
    body: Json<Incoming>;
    received_at: Time;
    received_by: string | null;
  };
  effects: {
    seq: Generated<number>;
    id: string;
    session_id: string;
    effect: Json<Effect>;
    attempts: Generated<number>;
    created_at: Time;
    begun_at: Time | null;
    done_at: Time | null;
    done_by: string | null;
    error: string | null;
  };
  decisions: {
    seq: Generated<number>;
    session_id: string;
    at: Time;
    bot: string | null;
    event: string;
    about: Json<object>;
    effects: string[];
  };
  turns: {
    id: string;
    session_id: string;
    turn: Json<Turn>;
    prompt: string | null;
    prompt_losses: Generated<number>;
    progress: Json<Progress> | null;
    progress_ref: string | null;
    result: Json<TurnResult> | null;
    started_at: Time;
    ended_at: Time | null;
    emptied: Generated<boolean>;
    answer_ref: string | null;
  };
  transcript: {
    cursor: Generated<number>;
    session_id: string;
    entry: Json<JournalEntry>;
    stored_at: Time;
    raw: Generated<boolean>;
  };
  web_posts: {
    seq: Generated<number>;
    thread: string;
    ref: string;
    kind: WebPost["kind"];
    author: string;
    body: string;
    at: Time;
  };
  identities: {
    surface: string;
    team: string;
    person: string;
    github_id: number;
    login: string;
    linked_at: Time;
  };
  used_links: { id: string; used_at: Time };
  feedback: { turn: string; surface: SurfaceName; person: string; value: Verdict; reason: string | null; at: Time };
  settings: { name: string; value: Json<unknown> };
  sandboxes: {
    name: string;
    provider: string;
    kind: "warm" | "golden" | "person";
    repository: string | null;
    prepared: string | null;
    url: string | null;
    ends_at: Time | null;
    taken_by: string | null;
    created_at: Time;
  };
  slack_installations: {
    key: string;
    team: string | null;
    enterprise: string | null;
    name: string;
    app: string | null;
    bot_user: string;
    scopes: string[];
    installed_by: string;
    sealed: string;
    expires_at: ColumnType<Date | null, Date | null, Date | null>;
    installed_at: ColumnType<Date, Date, Date>;
    updated_at: ColumnType<Date, Date, Date>;
  };
  slack_teams: { team: string; installation: string };
  usage: {
    turn: string;
    at: Time;
    person: string;
    channel: string | null;
    repository: string | null;
    organisation: string | null;
    tokens: number | null;
    dollars: number | null;
    session: string | null;
    agent: string | null;
    model: string | null;
    input: number | null;
    output: number | null;
    cache_read: number | null;
    cache_write: number | null;
    priced_by: string | null;
  };
  preferences: {
    surface: string;
    team: string;
    person: string;
    repository: string | null;
    agent: string | null;
    model: string | null;
  };
  snapshots: {
    label: string;
    provider: string;
    token: string;
    repository: string | null;
    prepared: string | null;
    created_at: Time;
    expires_at: Time | null;
  };
}
