/** The tables as kysely sees them; `migrations/` is the truth. Times are read as `Date`, int8 as number. */
import type { ColumnType, Generated } from "kysely";
import type { NumberedEffect } from "../core/decision.ts";
import type { KeyLink, NewMention, Progress, Session, Turn, TurnResult } from "../core/types.ts";
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
    created_at: Time;
    updated_at: Time;
  };
  keys: { key: string; session_id: string; claimed_at: Time };
  inbox: {
    seq: Generated<number>;
    dedupe: string;
    session_id: string | null;
    body: Json<{ mention: NewMention & { id: string } } | { link: KeyLink }>;
    received_at: Time;
  };
  effects: {
    seq: Generated<number>;
    id: string;
    session_id: string;
    effect: Json<NumberedEffect["effect"]>;
    attempts: Generated<number>;
    created_at: Time;
    done_at: Time | null;
    error: string | null;
  };
  turns: {
    id: string;
    session_id: string;
    turn: Json<Turn>;
    prompt: string | null;
    progress: Json<Progress> | null;
    progress_ref: string | null;
    result: Json<TurnResult> | null;
    started_at: Time;
    ended_at: Time | null;
  };
  transcript: { cursor: Generated<number>; session_id: string; entry: Json<JournalEntry> };
  web_posts: {
    seq: Generated<number>;
    thread: string;
    ref: string;
    kind: string;
    author: string;
    body: string;
    at: Time;
  };
  settings: { name: string; value: Json<unknown> };
}
