/** `threadbox list`: every sandbox and every snapshot, whose they are and when they end. */
import type { Command } from "commander";
import type { KnownSnapshot } from "../store/sandboxes.ts";
import { command, run } from "./command.ts";
import { type Output, paint, table } from "./output.ts";
import { type Listed, listedSandboxes } from "./sandbox-listed.ts";
import { openSandboxes } from "./sandbox-open.ts";
import { isOver } from "./sandbox-snapshots.ts";
import { left, span, timeOf } from "./sandbox-words.ts";

interface Options {
  json?: boolean;
  sandboxes?: boolean;
  snapshots?: boolean;
}

export function listCommand(): Command {
  return command({
    name: "list",
    summary: "List sandboxes and snapshots: whose they are, whether they run, when they end.",
    examples: [
      ["list", "both"],
      ["list --snapshots", "snapshots alone"],
      ["list --json", "all that is known of them, as JSON"],
    ],
  })
    .option("--sandboxes", "sandboxes alone")
    .option("--snapshots", "snapshots alone")
    .action((options: Options) => run(options, (output) => list(options, output)));
}

async function list(options: Options, output: Output): Promise<number> {
  await using closing = new AsyncDisposableStack();
  const opened = closing.adopt(await openSandboxes(), ({ close }) => close());
  const both = options.sandboxes === options.snapshots;
  const sandboxes = both || options.sandboxes ? await listedSandboxes(opened) : null;
  const snapshots = both || options.snapshots ? await opened.store.knownSnapshots() : null;
  const { kind } = opened.provider;
  const parts = [sandboxes && sandboxesText(sandboxes, kind, output), snapshots && snapshotsText(snapshots, kind)];
  output.say(parts.filter((part) => part !== null).join("\n\n"));
  output.result({
    provider: kind,
    ...(sandboxes ? { sandboxes: sandboxes.map(sandboxDocument) } : {}),
    ...(snapshots ? { snapshots: snapshots.map(snapshotDocument) } : {}),
  });
  return 0;
}

/** Of sessions that sleep there may be hundreds; what runs is what costs. */
const ASLEEP_SHOWN = 10;

function sandboxesText(listed: Listed[], kind: string, output: Output): string {
  const asleep = listed.filter(({ state }) => state === "asleep");
  const shown = [...listed.filter(({ state }) => state !== "asleep"), ...asleep.slice(0, ASLEEP_SHOWN)];
  if (shown.length === 0) return "There are no sandboxes. Start one: threadbox create";
  const now = Date.now();
  const rows = shown.map((one) => [
    one.orphan ? `${one.short} !` : one.short,
    one.is === "nobody" ? "-" : one.is,
    stateText(one),
    one.repository ?? "-",
    one.createdAt === null ? "-" : span(now - one.createdAt),
    ends(one, now),
  ]);
  const more = asleep.length > ASLEEP_SHOWN ? [`and ${asleep.length - ASLEEP_SHOWN} more that sleep`] : [];
  const orphans = listed.some(({ orphan }) => orphan) ? [paint(["yellow"], ORPHANS, output.colour)] : [];
  const notAsked = shown.some(({ runs }) => runs === null) ? [paint(["dim"], elsewhere(kind), output.colour)] : [];
  const lines = table([["SANDBOX", "OF", "STATE", "REPOSITORY", "AGE", "ENDS"], ...rows]);
  return [lines, ...more, ...orphans, ...notAsked].join("\n");
}

function stateText({ state, runs, provider }: Listed): string {
  if (state === "not-asked") return `at ${provider}`;
  return runs === null ? `${state} at ${provider}` : state;
}

const elsewhere = (kind: string): string => `What is at another provider was not asked: THREADBOX_PROVIDER is ${kind}.`;

function ends({ endsAt, runs }: Listed, now: number): string {
  const isOver = runs === false || (runs === null && endsAt !== null && endsAt <= now);
  return endsAt === null || isOver ? "-" : `in ${left(Math.max(0, endsAt - now))}`;
}

const ORPHANS = "! runs, and belongs to nobody. A bot that runs ends such ones; by hand: threadbox destroy NAME";

function snapshotsText(snapshots: KnownSnapshot[], kind: string): string {
  if (snapshots.length === 0) return "There are no snapshots. Take one: threadbox snapshot SANDBOX --label golden";
  const now = Date.now();
  const rows = snapshots.map((one) => [
    one.label,
    one.repository ?? "-",
    span(now - one.createdAt.getTime()),
    one.provider === kind ? expiry(one, now) : `${expiry(one, now)}, at ${one.provider}`,
  ]);
  return table([["SNAPSHOT", "REPOSITORY", "AGE", "EXPIRES"], ...rows]);
}

function expiry(snapshot: KnownSnapshot, now: number): string {
  if (snapshot.expiresAt === null) return "never";
  return isOver(snapshot) ? "expired" : `in ${left(snapshot.expiresAt.getTime() - now)}`;
}

function sandboxDocument({ short, is, session, createdAt, endsAt, ...rest }: Listed): object {
  const of = is === "nobody" ? null : is;
  return {
    ...{ name: short, of, session, ...rest },
    ...{ createdAt: timeOf(createdAt), endsAt: timeOf(endsAt) },
  };
}

function snapshotDocument(snapshot: KnownSnapshot): object {
  const { label, provider, token, repository, prepared, createdAt, expiresAt } = snapshot;
  return {
    ...{ label, provider, token, repository, prepared },
    ...{ createdAt: timeOf(createdAt), expiresAt: timeOf(expiresAt), expired: isOver(snapshot) },
  };
}
