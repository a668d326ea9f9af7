/** Which language model the demo runs on: the real one where there is a key, else a script that says of itself that it is one. */
import type { Variables } from "../config.ts";
import { FIXED } from "./demo-repository.ts";
import type { Script } from "./scripted-model.ts";

export interface DemoModel {
  /** The first line of the demo. */
  about: string;
  scripted: boolean;
  /** What the bot's settings say about the model. */
  variables: Variables;
  close(): Promise<void>;
}

/** Not THREADBOX_AGENT: the demo has a home of its own, where pi is the one that needs no installation. */
const OF_THE_MODEL = [
  "THREADBOX_MODEL",
  "ANTHROPIC_API_KEY",
  "OPENAI_API_KEY",
  "ANTHROPIC_BASE_URL",
  "OPENAI_BASE_URL",
];

export async function demoModel(variables: Variables): Promise<DemoModel> {
  const key = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"].find((name) => variables[name]);
  if (!key) return scripted();
  return {
    about: `Real model: ${variables.THREADBOX_MODEL || "the agent's default"} with ${key}. Everything else is real, too.`,
    scripted: false,
    variables: Object.fromEntries(OF_THE_MODEL.map((name) => [name, variables[name]])),
    close: async () => {},
  };
}

async function scripted(): Promise<DemoModel> {
  // Loaded here alone: it is a whole server, and no other command needs it.
  const { scriptedModel } = await import("./scripted-model.ts");
  const model = await scriptedModel([SCRIPT]);
  return {
    about:
      "Scripted model: there is no ANTHROPIC_API_KEY or OPENAI_API_KEY, so the language model follows a script. Everything else is real.",
    scripted: true,
    variables: { ANTHROPIC_API_KEY: "scripted", ANTHROPIC_BASE_URL: model.url },
    close: model.close,
  };
}

/** What a model would do: look, change, look again, say what it did. The tools are those of the agent, pi. */
const SCRIPT: Script = {
  when: /test fails/,
  steps: [
    { says: "I run the tests first.", calls: [{ tool: "bash", with: { command: "node --test" } }] },
    {
      says: "`add` subtracts. I make it add.",
      calls: [{ tool: "write", with: { path: "src/add.js", content: FIXED } }],
    },
    { calls: [{ tool: "bash", with: { command: "node --test" } }] },
    { says: "`add` subtracted its second number. It adds now, and the test passes." },
  ],
};
