/**
 * What becomes of those that arrive together: each finds its session by its keys, or gets a new one, and is told to it, in the order of
 * their arrival. Pure: what they met comes in, everything that is to be written goes out.
 */
import { lacksFiles } from "./attachments.ts";
import { parseCommand } from "./command.ts";
import { threadKey } from "./correlation.ts";
import { decide, newSession } from "./decide.ts";
import type { Decision, SessionEvent } from "./decision.ts";
import type { Incoming, KeyLink, Receipt } from "./incoming.ts";
import { titleOf } from "./naming.ts";
import type { CorrelationKey, Mention, Ms, Session } from "./types.ts";

export interface Arrival {
  incoming: Incoming;
  /** Its place in the inbox where it was stored before, waiting for its keys to be looked up; null for what comes in now. */
  seq: number | null;
}

/** What those that arrived have met. */
export interface Met {
  /** Of their `dedupe`s those that are in the inbox: true while it waits for its session. */
  inbox: Map<string, boolean>;
  /** Of their keys those that a session holds. */
  keys: Map<CorrelationKey, string>;
  /** The sessions of those keys, which nobody else may change meanwhile. */
  sessions: Map<string, Session>;
}

/** One event that a session was told. */
export interface Told {
  before: Session;
  event: SessionEvent;
  decision: Decision;
}

/** What is to be written, in one go. */
export interface Intake {
  /** One for each arrival, in their order. */
  receipts: Receipt[];
  /** Sessions that are new, before they were told anything. */
  minted: Session[];
  /** Keys that nobody held, each with the session that gets it; whoever comes later in the same go may have been told to it by that key. */
  keys: { key: CorrelationKey; session: string }[];
  /** `session` is null for what has to be looked up. */
  inbox: (Arrival & { dedupe: string; session: string | null })[];
  told: Told[];
}

export function takeIn(arrivals: Arrival[], met: Met, by: { now: Ms; newSessionId(): string }): Intake {
  const intake: Intake = { receipts: [], minted: [], keys: [], inbox: [], told: [] };
  const ground: Ground = { inbox: new Map(met.inbox), keys: new Map(met.keys), sessions: new Map(met.sessions) };
  const under: UnderWay = { intake, ground, ...by };
  for (const arrival of arrivals) {
    const { incoming } = arrival;
    const receipt = "link" in incoming ? join(under, arrival, incoming.link) : admit(under, arrival, incoming.mention);
    intake.receipts.push(receipt);
  }
  return intake;
}

/** The keys of which it has to be known who holds them. */
export function keysOf({ incoming }: Pick<Arrival, "incoming">): CorrelationKey[] {
  if ("link" in incoming) return [incoming.link.known, incoming.link.also];
  const { keys, thread } = incoming.mention;
  return keys.length > 0 ? keys : [threadKey(thread)];
}

export const dedupeOf = ({ incoming }: Arrival): string =>
  "link" in incoming ? incoming.link.dedupe : incoming.mention.dedupe;

type Ground = Met;

interface UnderWay {
  intake: Intake;
  /** What was met, with what those before in the same go have added. */
  ground: Ground;
  now: Ms;
  newSessionId(): string;
}

function admit(under: UnderWay, arrival: Arrival, mention: Mention): Receipt {
  const known = holderOf(under, mention.keys);
  // Which thread it stands in is not known yet, so it cannot be known either whether a session follows.
  const isPlaced = mention.lookup !== "thread" || arrival.seq !== null;
  if (!known && !mention.addressed && isPlaced) return { is: "ignored", reason: "nobody-follows" };
  if (isHandled(under, arrival)) {
    if (known) complete(under, known, mention);
    return { is: "duplicate" };
  }
  // Of a review each event tells only a part.
  const isPart = mention.lookup === "review";
  if ((!known || isPart) && mention.lookup && arrival.seq === null) {
    remember(under, arrival, null);
    if (known && mention.review) tell(under, known, { type: "review.coming", review: mention.review.id });
    return { is: "looking-up", mention: mention.id };
  }
  const keys = keysOf(arrival);
  const holder = known ?? holderOf(under, keys);
  const session = holder ?? mint(under, mention);
  // What a session tells itself connects nothing that a person has unlinked.
  if (!mention.mends) claim(under, session, keys);
  remember(under, arrival, session);
  tell(under, session, { type: "mentioned", mention: holder ? mention : { ...mention, text: anewIn(mention.text) } });
  return { is: "accepted", session, mention: mention.id };
}

/** Slack tells of one message twice, and not each time with its files. */
function complete(under: UnderWay, id: string, { message, files = [] }: Mention): void {
  const session = under.ground.sessions.get(id);
  if (session && files.length > 0 && lacksFiles(session, message))
    tell(under, id, { type: "attached", message, files });
}

function join(under: UnderWay, arrival: Arrival, { known, also, pullRequest }: KeyLink): Receipt {
  const session = holderOf(under, [known]);
  if (!session) return { is: "ignored", reason: "nobody-follows" };
  if (isHandled(under, arrival)) return { is: "duplicate" };
  claim(under, session, [also]);
  remember(under, arrival, session);
  tell(under, session, { type: "linked", pullRequest });
  return { is: "linked", session };
}

/** The session of the first key that has one. */
const holderOf = ({ ground }: UnderWay, keys: CorrelationKey[]): string | null =>
  keys.map((key) => ground.keys.get(key)).find((session) => session !== undefined) ?? null;

/** What waits for its session is not: unless somebody has found it meanwhile. */
function isHandled({ ground }: UnderWay, arrival: Arrival): boolean {
  const waits = ground.inbox.get(dedupeOf(arrival));
  return arrival.seq === null ? waits !== undefined : waits !== true;
}

function mint({ intake, ground, newSessionId, now }: UnderWay, { thread, subject, text, forkOf }: Mention): string {
  const plain = newSession(newSessionId(), thread, titleOf(subject ?? saidIn(text)), now);
  const session = forkOf ? { ...plain, forkOf } : plain;
  intake.minted.push(session);
  ground.sessions.set(session.id, session);
  return session.id;
}

function claim({ intake, ground }: UnderWay, session: string, keys: CorrelationKey[]): void {
  for (const key of keys) {
    if (ground.keys.has(key)) continue;
    ground.keys.set(key, session);
    intake.keys.push({ key, session });
  }
}

function remember({ intake, ground }: UnderWay, arrival: Arrival, session: string | null): void {
  const dedupe = dedupeOf(arrival);
  ground.inbox.set(dedupe, session === null);
  intake.inbox.push({ ...arrival, dedupe, session });
}

function tell({ intake, ground, now }: UnderWay, id: string, event: SessionEvent): void {
  const before = ground.sessions.get(id);
  if (!before) return;
  const decision = decide(before, event, now);
  ground.sessions.set(id, decision.session);
  intake.told.push({ before, event, decision });
}

/** A thread that nobody holds begins anew whether somebody says so or not. */
function anewIn(text: string): string {
  const command = parseCommand(text);
  return command.verb === "fresh" && command.anew !== "" ? command.anew : text;
}

/** Without the options: they choose, they do not describe. */
function saidIn(text: string): string {
  const said = anewIn(text);
  const command = parseCommand(said);
  return "text" in command ? command.text : said;
}
