/** A bot reduced to one sandbox, and to one command in it where a script is given, as a process that a test can kill. */
import { createLog } from "../../src/log.ts";
import { localProvider } from "../../src/sandboxes/local.ts";

const [, , home = "", bubblewrap, command] = process.argv;
const walls = bubblewrap === "off" ? "off" : "auto";
const provider = localProvider({ home, log: createLog("silent"), bubblewrap: walls });
const sandbox = await provider.start("kept", { from: null });
const script = `require("http").createServer((_, r) => r.end()).listen(${sandbox.listen.port}, "127.0.0.1")`;
await sandbox.launch(["node", "-e", script], { env: {}, logFile: `${sandbox.state}/log` });
while (!(await fetch(sandbox.url).catch(() => null))) await new Promise((resolve) => setTimeout(resolve, 20));
const told = [`${sandbox.url}\n`];
if (command) {
  const { stdout } = await sandbox.exec(["node", "-e", command]);
  told.push(Buffer.from((await stdout.getReader().read()).value ?? []).toString());
}
process.stdout.write(told.join(""));
setInterval(() => {}, 1_000);
