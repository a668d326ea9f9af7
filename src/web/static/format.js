/** Numbers and states as people read them. Each state has a sign and a word: nothing hangs on its colour. */

export const STEP = {
  running: { sign: "…", word: "running" },
  ok: { sign: "✓", word: "ok" },
  failed: { sign: "✗", word: "failed" },
};

export const OUTCOME = {
  done: { sign: "✓", word: "Done" },
  failed: { sign: "✗", word: "Failed" },
  stopped: { sign: "■", word: "Stopped" },
  "timed-out": { sign: "✗", word: "Timed out" },
};

/** "12 ms", "0.4 s", "42 s", "3 min 05 s", "1 h 02 min". */
export function duration(ms) {
  if (ms < 100) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return elapsed(ms);
}

/** The same in whole seconds, for what counts up before one's eyes. */
export function elapsed(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

const two = (n) => String(n).padStart(2, "0");

export const count = (n, noun) => `${n.toLocaleString()} ${noun}${n === 1 ? "" : "s"}`;

/** "14:05" today, "3 Mar, 14:05" before. */
export function time(at) {
  const date = new Date(at);
  const clock = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === new Date().toDateString()) return clock;
  return `${date.toLocaleDateString([], { day: "numeric", month: "short" })}, ${clock}`;
}

export const changes = ({ files, insertions, deletions }) =>
  `${count(files, "file")} changed, +${insertions} −${deletions}`;

export function tokens(usage) {
  const { inputTokens, outputTokens, cacheReadTokens: cached = 0 } = usage;
  const read = `${inputTokens.toLocaleString()} in${cached > 0 ? ` (${cached.toLocaleString()} cached)` : ""}`;
  return [read, `${outputTokens.toLocaleString()} out`, cost(usage)].filter(Boolean).join(", ");
}

/** What nobody knows the price of is never shown as nothing; `≈` is by a price list. */
function cost({ inputTokens, outputTokens, costUsd, pricedBy }) {
  if (costUsd === 0 && pricedBy !== "table") return inputTokens + outputTokens > 0 ? "cost unknown" : "";
  return `${pricedBy === "table" ? "≈ " : ""}$${costUsd.toFixed(2)}`;
}

/** What the turns of a session have used together. */
export function together(usages) {
  const sum = (field) => usages.reduce((all, usage) => all + (usage[field] ?? 0), 0);
  const pricedBy = usages.some((usage) => usage.pricedBy === "table") ? "table" : "agent";
  const all = { inputTokens: sum("inputTokens"), outputTokens: sum("outputTokens"), costUsd: sum("costUsd"), pricedBy };
  const unknown = usages.filter((usage) => cost(usage) === "cost unknown").length;
  if (unknown === usages.length) return tokens({ ...all, pricedBy: "nobody", cacheReadTokens: sum("cacheReadTokens") });
  const said = tokens({ ...all, cacheReadTokens: sum("cacheReadTokens") });
  return unknown > 0 ? `${said}, and of ${count(unknown, "turn")} unknown` : said;
}
