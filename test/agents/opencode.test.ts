/** OpenCode's adapter: the contract of every agent with the true binary. */
import { dirname } from "node:path";
import { createOpencode } from "../../src/daemon/agents/opencode.ts";
import { agentContract } from "../contracts/agent.ts";
import { binary } from "./binaries.ts";

const FOLDER = dirname(binary("opencode"));

agentContract("opencode", {
  create: (context) => createOpencode(context, 1_500),
  env: (modelUrl) => ({
    PATH: `${FOLDER}:/usr/local/bin:/usr/bin:/bin`,
    ANTHROPIC_API_KEY: "key-of-the-test",
    ANTHROPIC_BASE_URL: modelUrl,
  }),
  runs: (command) => ({ name: "bash", arguments: { command, description: "A step" } }),
  asks: (question, options) => ({
    name: "question",
    arguments: {
      questions: [{ question, header: "Choice", options: options.map((label) => ({ label, description: label })) }],
    },
  }),
  cannot: {
    "the model hears that nobody answered, with Postgres default": "its question has no place for a default",
  },
  ownVariables: /^(OPENCODE\w*|AGENT|npm_config_\w+|TERM)=/,
});
