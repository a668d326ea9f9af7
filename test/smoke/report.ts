/** What was believed of Modal, and whether it held, line by line as it is found out. */

export interface Report {
  /** `look` gives what was seen, for the line, or throws what contradicts it. Null when it did not hold. */
  check<T>(believed: string, look: () => Promise<{ seen?: string; value: T }>): Promise<T | null>;
  /** True when everything held. */
  end(): boolean;
}

export function openReport(print: (line: string) => void): Report {
  let held = 0;
  let broken = 0;
  return {
    async check(believed, look) {
      const startedAt = performance.now();
      const took = (): string => `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`.padStart(8);
      try {
        const { seen, value } = await look();
        held += 1;
        print(`held          ${took()}  ${believed}${seen ? ` (${seen})` : ""}`);
        return value;
      } catch (thrown) {
        broken += 1;
        print(
          `did not hold  ${took()}  ${believed}: ${thrown instanceof Error ? thrown.message.split("\n")[0] : thrown}`,
        );
        return null;
      }
    },
    end() {
      print(`\n${held} held, ${broken} did not`);
      return broken === 0;
    },
  };
}
