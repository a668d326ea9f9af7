/** Ends the output of a test run with what was skipped and why, so that a skip is never taken for a pass. */
import type { TestEvent } from "node:test/reporters";

export default async function* skipped(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const reasons = new Map<string, number>();
  for await (const { type, data } of events) {
    if (type !== "test:pass" || data.skip === undefined || data.skip === false) continue;
    const reason = typeof data.skip === "string" ? data.skip : "no reason given";
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  if (reasons.size === 0) yield "\nNothing was skipped.\n";
  for (const [reason, count] of reasons) yield `\nSkipped ${count}: ${reason}\n`;
}
