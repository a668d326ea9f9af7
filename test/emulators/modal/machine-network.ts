/**
 * The network of one machine, as the tests reach into it and as it reaches out. It has nothing but a loopback address of its
 * own, so everything goes by sockets that are made there on order; see `machine-gate.ts`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect as dial, Server, Socket } from "node:net";
import { type Answer, gate as gateFunction, type Order } from "./machine-gate.ts";

export interface MachineNetwork {
  /** To 127.0.0.1 inside. */
  connect(port: number): Promise<Socket>;
  /** Processes inside find the host's port at the same address. */
  allow(port: number): Promise<void>;
  close(): void;
}

const GATE = `(${gateFunction})()`;

/** The gate is started when it is needed first, as many machines never need one. */
export function machineNetwork(init: number): MachineNetwork {
  let gate: Promise<Gate> | undefined;
  const open = new Set<Server | Socket>();
  const allowed = new Map<number, Promise<void>>();
  const order = async (is: Order["is"], port: number) => {
    gate ??= startGate(init);
    const made = await (await gate).order(is, port);
    open.add(made);
    made.once("close", () => open.delete(made));
    return made;
  };
  return {
    async connect(port) {
      const socket = await order("connect", port);
      if (!(socket instanceof Socket)) throw new Error("the gate sent a listener");
      socket.allowHalfOpen = true;
      return socket;
    },
    allow(port) {
      const made = allowed.get(port) ?? order("listen", port).then((server) => letThrough(server, port, open));
      allowed.set(port, made);
      return made;
    },
    close() {
      for (const one of open) one instanceof Server ? one.close() : one.destroy();
      gate?.then(({ stop }) => stop()).catch(() => {});
    },
  };
}

function letThrough(server: Server | Socket, port: number, open: Set<Server | Socket>): void {
  if (!(server instanceof Server)) throw new Error("the gate sent a connection");
  // A listener has no option for this once it exists, but looks at the property.
  Object.assign(server, { allowHalfOpen: true });
  server.on("connection", (inside: Socket) => joined(inside, port, open));
}

function joined(inside: Socket, port: number, open: Set<Server | Socket>): void {
  const outside = dial({ port, host: "127.0.0.1", allowHalfOpen: true });
  for (const [one, other] of [
    [inside, outside],
    [outside, inside],
  ] as const) {
    open.add(one);
    one.once("close", () => open.delete(one));
    one.once("error", () => other.resetAndDestroy());
    one.pipe(other);
  }
}

interface Gate {
  order(is: Order["is"], port: number): Promise<Server | Socket>;
  stop(): void;
}

async function startGate(init: number): Promise<Gate> {
  const child = spawn("/usr/bin/nsenter", ["--net", "--target", `${init}`, "--", process.execPath, "--eval", GATE], {
    env: {},
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = once(child, "exit").then(() => Promise.reject(new Error("the machine has ended")));
  ended.catch(() => {});
  await Promise.race([once(child, "message"), ended]);
  return orders(child, ended);
}

function orders(child: ChildProcess, ended: Promise<never>): Gate {
  const waiting = new Map<number, PromiseWithResolvers<Server | Socket>>();
  let count = 0;
  child.on("message", (answer: Answer, handle?: unknown) => {
    const made = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (handle instanceof Server || handle instanceof Socket) made?.resolve(handle);
    else made?.reject(Object.assign(new Error(`127.0.0.1 inside: ${answer.error}`), { code: answer.error }));
  });
  return {
    order(is, port) {
      const id = ++count;
      const made = Promise.withResolvers<Server | Socket>();
      waiting.set(id, made);
      child.send({ id, is, port } satisfies Order);
      return Promise.race([made.promise, ended]);
    },
    stop: () => child.kill("SIGKILL"),
  };
}
