/** A folder whose bots have a scripted model and a database of their own in the Postgres that all tests share. */
import assert from "node:assert/strict";
import { FIXED } from "../../src/cli/demo-repository.ts";
import { scriptedModel } from "../../src/cli/scripted-model.ts";
import { testDatabase } from "../database.ts";
import { type Child, documentOf, type Env, type Folder, newFolder } from "./threadbox.ts";

export interface Listed {
  id: string;
  title: string;
  state: string;
  branch: string | null;
}

export interface ScriptedFolder {
  folder: Folder;
  /** Variables of a bot that nobody can find, because its port is given by the system. */
  env: Env;
  /** The session of that title, which has to be the only one. */
  session(title: RegExp): Promise<Listed>;
  /** A bot that listens, and the variables of those who speak to it. */
  startBot(port?: string): Promise<RunningBot>;
  close(): Promise<void>;
}

export interface RunningBot {
  child: Child;
  env: Env;
  /** SIGTERM, and it has to end in order. */
  stop(): Promise<void>;
}

/** "the test fails" is fixed at once; "for ever" takes ten minutes. */
export async function scriptedFolder(from?: "source"): Promise<ScriptedFolder> {
  const folder = newFolder(from);
  const model = await scriptedModel([
    {
      when: /test fails/,
      steps: [{ calls: [{ tool: "write", with: { path: "src/add.js", content: FIXED } }] }, { says: "It adds now." }],
    },
    { when: /for ever/, steps: [{ calls: [{ tool: "bash", with: { command: "sleep 600" } }] }, { says: "Done." }] },
  ]);
  const database = await testDatabase();
  const { host, user, database: name } = database.connection as { host: string; user: string; database: string };
  const env = {
    PORT: "0",
    DATABASE_URL: `postgres:///${name}?user=${user}&host=${encodeURIComponent(host)}`,
    ANTHROPIC_API_KEY: "scripted",
    ANTHROPIC_BASE_URL: model.url,
  };
  return {
    folder,
    env,
    async session(title) {
      const { sessions } = documentOf(await folder.run(["sessions", "--json"], env)) as { sessions: Listed[] };
      const [found, ...more] = sessions.filter((session) => title.test(session.title));
      assert.ok(found && more.length === 0, `not one session called ${title}`);
      return found;
    },
    async startBot(port = "0") {
      const child = folder.start(["start", "--json"], { ...env, PORT: port });
      const { url } = JSON.parse(await child.printed("\n}\n")) as { url: string };
      return { child, env: { ...env, PORT: new URL(url).port }, stop: () => stopInOrder(child) };
    },
    async close() {
      await folder.remove();
      await database.drop();
      await model.close();
    },
  };
}

export async function stopInOrder(child: Child): Promise<void> {
  child.process.kill("SIGTERM");
  const { code, stderr } = await child.ended;
  assert.equal(code, 0, stderr);
}
