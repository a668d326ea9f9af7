/** A bot reduced to one sandbox, as a process that a test can kill. */
import { createLog } from "../../src/log.ts";
import { localProvider } from "../../src/sandboxes/local.ts";

const [, , home = "", bubblewrap] = process.argv;
const walls = bubblewrap === "off" ? "off" : "auto";
const sandbox = await localProvider({ home, log: createLog("silent"), bubblewrap: walls }).start("kept", null);
const script = `require("http").createServer((_, r) => r.end()).listen(${sandbox.listen.port}, "127.0.0.1")`;
await sandbox.launch(["node", "-e", script], { env: {}, logFile: `${sandbox.state}/log` });
while (!(await fetch(sandbox.url).catch(() => null))) await new Promise((resolve) => setTimeout(resolve, 20));
process.stdout.write(`${sandbox.url}\n`);
setInterval(() => {}, 1_000);
