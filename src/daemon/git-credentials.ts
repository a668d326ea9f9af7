/**
 * Lends credentials to one git command: git asks a helper, the helper asks this process over a unix socket, and both are gone when the
 * command is. So a token stands in no URL, argument, environment or config, and the agent's own git, which knows no helper, has none.
 */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shellQuote } from "./shell.ts";

export interface Login {
  username: string;
  password: string;
}

export interface Loan {
  /** Options for git, before its command. */
  args: string[];
  end(): Promise<void>;
}

/** A path of a unix socket has room for 107 bytes on Linux, and 103 on macOS. */
const MAX_SOCKET_PATH_BYTES = 103;

/** `origin` is the only place that is answered for: a redirect to another host must not collect the token. */
export async function lendCredentials(
  origin: string | null,
  find: (origin: string) => Login | null,
  stateDir: string,
): Promise<Loan> {
  // An empty value first: it drops every helper that any config names.
  const none = ["-c", "credential.helper="];
  if (origin === null) return { args: none, end: async () => {} };
  const folder = await privateFolder(stateDir);
  const socketPath = join(folder, "s");
  const server = createServer((socket) => answer(socket, origin, find));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(socketPath, resolve));
  await chmod(socketPath, 0o600);
  const helper = join(folder, "helper.mjs");
  await writeFile(helper, helperScript(socketPath), { mode: 0o600 });
  // git calls it with `get`, `store` or `erase`; only the first has an answer, and is worth a Node of its own.
  const program = `${shellQuote(process.execPath)} ${shellQuote(helper)}`;
  const command = `!answer() { [ "$1" != get ] || exec ${program}; }; answer`;
  return {
    args: [...none, "-c", `credential.helper=${command}`],
    async end() {
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function privateFolder(stateDir: string): Promise<string> {
  const folder = await mkdtemp(join(stateDir, "c-"));
  if (Buffer.byteLength(join(folder, "s")) <= MAX_SOCKET_PATH_BYTES) return folder;
  await rm(folder, { recursive: true });
  return mkdtemp(join(tmpdir(), "c-"));
}

/** git's side of the talk is `name=value` lines, an empty line ends it. */
function answer(socket: Socket, origin: string, find: (origin: string) => Login | null): void {
  let asked = "";
  socket.setEncoding("utf8");
  // The command may be killed while it asks.
  socket.on("error", () => {});
  socket.on("data", (text: string) => {
    asked += text;
    if (!asked.endsWith("\n\n")) return;
    const field = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(asked)?.[1] ?? "";
    const wanted = `${field("protocol")}://${field("host")}`;
    const login = URL.canParse(wanted) && new URL(wanted).origin === origin ? find(origin) : null;
    // Nothing: git then says that it may not ask anybody, and for which host.
    socket.end(login ? `username=${login.username}\npassword=${login.password}\n` : "");
  });
}

function helperScript(socketPath: string): string {
  return `import { connect } from "node:net";
let asked = "";
for await (const chunk of process.stdin) asked += chunk;
const socket = connect(${JSON.stringify(socketPath)}, () => socket.write(asked.trimEnd() + "\\n\\n"));
socket.on("error", () => process.exit(1));
socket.pipe(process.stdout);
`;
}
