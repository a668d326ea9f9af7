/**
 * What happened, on disk before anybody is told. There is no live path beside it: every client reads from here with its own
 * cursor, so a slow one loses nothing, one that comes back misses nothing, and a restart of the daemon changes nothing.
 */
import { AgentEvent, type JournalEntry } from "../wire/events.ts";
import type { DaemonClock } from "./clock.ts";
import type { Redactor } from "./redactor.ts";
import type { Storage } from "./storage.ts";

export interface JournalOptions {
  /** The oldest entries are cut when their text is larger than this. */
  maxBytes: number;
  clock: DaemonClock;
  redactor: Redactor;
}

type Asked = Extract<AgentEvent, { type: "question.asked" }>;
type Answered = Extract<AgentEvent, { type: "question.answered" }>;

/** Cutting goes a tenth below the limit, so that not every append has to cut. */
const CUT_TO = 0.9;
/** Rows that are looked at in one go, so that cutting a large journal takes no large memory. */
const CUT_STEP = 500;

const SIZE = "length(cast(event as blob))";

export class Journal {
  readonly epoch: string;
  readonly #options: JournalOptions;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #listeners = new Set<() => void>();
  #first: number;
  #last: number;
  #bytes: number;

  constructor(storage: Storage, options: JournalOptions) {
    this.epoch = storage.epoch;
    this.#options = options;
    this.#sql = prepare(storage);
    const extent = this.#sql.extent.get();
    this.#first = Number(extent?.first ?? 1);
    this.#last = Number(extent?.last ?? 0);
    this.#bytes = Number(extent?.size ?? 0);
  }

  /** Of the last entry; 0 when there is none. */
  get cursor(): number {
    return this.#last;
  }

  append(event: AgentEvent): void {
    const { redactor, clock, maxBytes } = this.#options;
    // Strict here and not when reading: one malformed entry would stop every client for ever.
    const text = redactor.blank(JSON.stringify(AgentEvent.parse(event)));
    this.#last = Number(this.#sql.insert.run(clock.now(), text).lastInsertRowid);
    this.#bytes += Buffer.byteLength(text);
    if (this.#bytes > maxBytes) this.#shrinkTo(maxBytes * CUT_TO);
    for (const listener of [...this.#listeners]) listener();
  }

  /** At most `limit` entries after that cursor. Where history was cut, a `journal.cut` in front stands for what is missing. */
  read(after: number, limit: number): JournalEntry[] {
    const { epoch } = this;
    const entries = this.#sql.after.all(after, limit).map((row): JournalEntry => {
      const event: AgentEvent = JSON.parse(String(row.event));
      return { epoch, cursor: Number(row.cursor), at: Number(row.at), event };
    });
    const [head] = entries;
    const to = this.#first - 1;
    if (!head || after >= to) return entries;
    return [{ epoch, cursor: to, at: head.at, event: { type: "journal.cut", from: after + 1, to } }, ...entries];
  }

  /** How that turn ended last; null when that was cut, or is yet to come. */
  endOf(turn: string): Extract<AgentEvent, { type: "turn.ended" }> | null {
    const row = this.#sql.endOf.get(turn);
    const event: AgentEvent | null = row ? JSON.parse(String(row.event)) : null;
    return event?.type === "turn.ended" ? event : null;
  }

  /** What is known of a question; nothing where that was cut. */
  question(question: string): { asked?: Asked; answered?: Answered } {
    const known: { asked?: Asked; answered?: Answered } = {};
    for (const row of this.#sql.question.all(question)) {
      const event: AgentEvent = JSON.parse(String(row.event));
      if (event.type === "question.asked") known.asked = event;
      if (event.type === "question.answered") known.answered = event;
    }
    return known;
  }

  /** The questions of that turn that nobody has answered and nothing has ended. */
  openQuestions(turn: string): Asked[] {
    return this.#sql.openQuestions.all(turn).map((row): Asked => JSON.parse(String(row.event)));
  }

  /** Calls `fn` after each append, until the returned function is called. */
  onAppend(fn: () => void): () => void {
    this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }

  /** The last entry always stays, however large it is. */
  #shrinkTo(bytes: number): void {
    while (this.#bytes > bytes && this.#first < this.#last) {
      let to = 0;
      for (const row of this.#sql.oldest.all(CUT_STEP)) {
        if (this.#bytes <= bytes || Number(row.cursor) === this.#last) break;
        to = Number(row.cursor);
        this.#bytes -= Number(row.size);
      }
      if (to === 0) return;
      this.#sql.cut.run(to);
      this.#first = to + 1;
    }
  }
}

function prepare({ db }: Storage) {
  return {
    insert: db.prepare("insert into entries (at, event) values (?, ?)"),
    after: db.prepare("select cursor, at, event from entries where cursor > ? order by cursor limit ?"),
    oldest: db.prepare(`select cursor, ${SIZE} as size from entries order by cursor limit ?`),
    endOf: db.prepare(`
      select event from entries where event ->> 'type' = 'turn.ended' and event ->> 'turn' = ? order by cursor desc limit 1
    `),
    question: db.prepare(`
      select event from entries where event ->> 'type' like 'question.%' and event ->> 'question' = ? order by cursor
    `),
    openQuestions: db.prepare(`
      select event from entries asked where event ->> 'type' = 'question.asked' and event ->> 'turn' = ? and not exists (
        select 1 from entries answered where answered.cursor > asked.cursor
          and answered.event ->> 'type' = 'question.answered'
          and answered.event ->> 'question' = asked.event ->> 'question'
      ) order by cursor
    `),
    cut: db.prepare("delete from entries where cursor <= ?"),
    extent: db.prepare(`
      select coalesce(min(cursor), 1) as first, coalesce(max(cursor), 0) as last, sum(${SIZE}) as size from entries
    `),
  };
}
