/** What tests of machines say most often. */
import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import type { ExecSpec, ImageFiles, LayerResult, Machine, MachineSpec } from "./machine.ts";

export const usualMachine = (image: ImageFiles): MachineSpec => ({
  ...{ id: "sb-1", image, entrypoint: ["sleep", "1000"], env: {}, workdir: "", volumes: [] },
  network: "blocked",
});

export const shell = (script: string): ExecSpec => ({ argv: ["sh", "-c", script], env: {}, cwd: "", terminal: null });

/** What a shell's lines write, when they write nothing on their error stream. */
export async function outputOf(machine: Machine, script: string): Promise<string> {
  const command = machine.exec(shell(script));
  command.stdin.end();
  const [shown, errors] = await Promise.all([text(command.stdout), text(command.stderr)]);
  assert.equal(errors, "");
  return shown;
}

export async function exitCodeOf(machine: Machine, script: string): Promise<number> {
  const exit = await machine.exec(shell(script)).exit;
  return "code" in exit ? exit.code : 128 + exit.signal;
}

export function built(result: LayerResult): ImageFiles {
  if (result.is === "failed") assert.fail(result.exception);
  return result.image;
}
