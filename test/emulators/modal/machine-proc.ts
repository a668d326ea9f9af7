/** What the kernel tells about processes: the numbers of those inside a machine, which nobody reports to us. */
import { readdirSync, readFileSync } from "node:fs";

export interface Process {
  pid: number;
  parent: number;
  /** Its number in its own namespace. */
  inside: number;
}

/** By a look at every process: not every kernel lists the children of one. */
export function processes(): Process[] {
  const numbers = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return numbers.flatMap((pid) => {
    const status = read(pid, "status");
    const parent = status?.match(/^PPid:\t(\d+)/m)?.[1];
    const inside = status?.match(/^NSpid:.*\t(\d+)$/m)?.[1];
    return parent && inside ? [{ pid, parent: Number(parent), inside: Number(inside) }] : [];
  });
}

/** Names one life of a process, as numbers are given anew; undefined when it is dead, even if nobody has taken note yet. */
export function lifeOf(pid: number): string | undefined {
  // "12 (a name) S 1 ...": the name may contain anything, brackets too.
  const fields = read(pid, "stat")?.split(") ").at(-1)?.split(" ");
  return fields && fields[0] !== "Z" && fields[0] !== "X" ? fields[19] : undefined;
}

function read(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return undefined;
  }
}
