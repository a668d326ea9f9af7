/** Ids and timestamps that look like Slack's and that a test can write down: ada is `U0ADA`, #general is `C0GENERAL`. */
import type { Workspace } from "./types.ts";

/** Ids carry the name, so that a payload in a failed assertion can be read. */
export function idFor(ws: Workspace, prefix: string, name: string): string {
  const plain = `${prefix}0${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "")}`;
  const taken = ws.people.has(plain) || ws.channels.has(plain) || ws.app.id === plain;
  return taken ? `${plain}${countUp(ws, plain) + 1}` : plain;
}

/** The next number of a series, from 1. */
export function countUp(ws: Workspace, series: string): number {
  const next = (ws.sequence.counters.get(series) ?? 0) + 1;
  ws.sequence.counters.set(series, next);
  return next;
}

/** `Ev00000001`, `F00000001` and so on. */
export function numberedId(ws: Workspace, prefix: string): string {
  return `${prefix}${String(countUp(ws, prefix)).padStart(8, "0")}`;
}

/** A ts names a message within its channel, so it only ever grows, even while the clock stands still. */
export function nextTs(ws: Workspace): string {
  const micros = Math.max(ws.clock.now() * 1000, ws.sequence.lastTsMicros + 1);
  ws.sequence.lastTsMicros = micros;
  return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, "0")}`;
}
