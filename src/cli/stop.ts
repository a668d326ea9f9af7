import type { Command } from "commander";
import { command } from "./command.ts";
export const stopCommand = (): Command => command({ name: "stop", summary: "x", examples: [["x","y"]] });
