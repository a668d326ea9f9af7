/**
 * Runs in the network of one machine, but outside its walls otherwise, and only makes sockets there: connections to ports
 * inside, and listeners on ports of the host that the inside may reach. Each is handed to the process of the tests as it is,
 * so no byte goes through here.
 */

export type Order = { id: number; is: "connect" | "listen"; port: number };
/** Comes with the socket or the listener; `error` is the system's code. */
export type Answer = { id: number; error?: string };

/**
 * Handed to Node as text, which by then is plain JavaScript: that halves the time of its start. So it uses nothing from
 * around it.
 */
export function gate(): void {
  const { createServer, connect } = process.getBuiltinModule("node:net");
  process.on("message", ({ id, is, port }: Order) => {
    const failed = (error: NodeJS.ErrnoException) =>
      process.send?.({ id, error: error.code ?? "EIO" } satisfies Answer);
    if (is === "listen") {
      const server = createServer().once("error", failed);
      server.listen(port, "127.0.0.1", () => process.send?.({ id } satisfies Answer, server, () => server.close()));
    } else {
      // Paused before it is connected: what were read here would be missing over there.
      const socket = connect(port, "127.0.0.1").pause().once("error", failed);
      socket.once("connect", () => process.send?.({ id } satisfies Answer, socket));
    }
  });
  process.once("disconnect", () => process.exit());
  process.send?.("ready");
}
