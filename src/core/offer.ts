/** Names in the order in which somebody who types looks for them: those that begin so, then those with a part that does, then those that have it anywhere. */

/** At most so many of the names that have what was typed; all of them, in their own order, where nothing was. */
export function offered(names: readonly string[], typed: string, atMost: number): string[] {
  const wanted = typed.trim().toLowerCase();
  const ranked = names.map((name) => ({ name, rank: rankOf(name.toLowerCase(), wanted) }));
  // The sort is stable: of equal rank they stay as threadbox.yml has them.
  return ranked
    .filter(({ rank }) => rank < NO_MATCH)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, atMost)
    .map(({ name }) => name);
}

const NO_MATCH = 4;

function rankOf(name: string, wanted: string): number {
  if (wanted === "" || name === wanted) return 0;
  const short = name.split("/").at(-1) ?? name;
  if (short.startsWith(wanted)) return 1;
  if (name.startsWith(wanted)) return 2;
  return name.includes(wanted) ? 3 : NO_MATCH;
}
