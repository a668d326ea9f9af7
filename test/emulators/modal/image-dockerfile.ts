/** The few Dockerfile instructions that images for sandboxes use. Whatever else stands there fails the build, as it would have no effect here. */

export type Instruction =
  | { is: "run"; argv: string[]; line: string }
  | { is: "env"; pairs: [name: string, value: string][] }
  | { is: "workdir"; path: string }
  | { is: "nothing" }
  | { is: "unknown"; line: string };

/** `lines` as the SDK sends them: an instruction may go on after a backslash at the end of a line. */
export function parseDockerfile(lines: string[]): Instruction[] {
  const joined = lines
    .join("\n")
    .split("\n")
    .filter((line) => !/^\s*#/.test(line))
    .join("\n")
    .replaceAll(/\\[ \t]*\n/g, "");
  return joined
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .map(parseInstruction);
}

function parseInstruction(line: string): Instruction {
  const [, word = "", rest = ""] = line.match(/^(\S+)\s+(.*)$/) ?? [];
  switch (word.toUpperCase()) {
    case "RUN":
      // Mounts and heredocs would need a true Docker.
      return /^--|<<-?['"]?\w/.test(rest) ? { is: "unknown", line } : { is: "run", argv: commandOf(rest), line };
    case "ENV":
      return { is: "env", pairs: pairsOf(rest) };
    case "WORKDIR":
      return { is: "workdir", path: unquoted(rest) };
    case "USER":
      return ["root", "0", "root:root", "0:0"].includes(rest) ? { is: "nothing" } : { is: "unknown", line };
    default:
      return { is: "unknown", line };
  }
}

function commandOf(rest: string): string[] {
  if (rest.startsWith("[")) {
    try {
      const parsed: unknown = JSON.parse(rest);
      if (Array.isArray(parsed) && parsed.every((part) => typeof part === "string")) return parsed;
    } catch {
      // Docker then takes it for a shell's line, too
    }
  }
  return ["/bin/sh", "-c", rest];
}

/** `A=b C="d e"`, or the old way with one name and a space. */
function pairsOf(rest: string): [string, string][] {
  const old = rest.match(/^([^\s=]+)\s+(.*)$/);
  if (old) return [[old[1] ?? "", old[2] ?? ""]];
  const pairs = rest.matchAll(/([^\s=]+)=((?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])*)/g);
  return [...pairs].map(([, name = "", value = ""]) => [name, unquoted(value)]);
}

function unquoted(text: string): string {
  return text.replaceAll(
    /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g,
    (_all, double?: string, single?: string, escaped?: string) =>
      double !== undefined ? double.replaceAll(/\\(["\\$])/g, "$1") : (single ?? escaped ?? ""),
  );
}

/** `$NAME` and `${NAME}` in a value of ENV or WORKDIR. */
export function expand(text: string, env: Record<string, string>): string {
  return text.replaceAll(
    /\$(?:(\w+)|\{(\w+)\})/g,
    (_all, plain?: string, braced?: string) => env[plain ?? braced ?? ""] ?? "",
  );
}
