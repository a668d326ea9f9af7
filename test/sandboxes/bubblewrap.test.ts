/** The walls: what is written to bubblewrap, and what a process behind them can do when root started it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import {
  bubblewrapArguments,
  readSystem,
  type System,
  tryBubblewrap,
  type View,
} from "../../src/sandboxes/bubblewrap.ts";

const view: View = {
  writable: [{ from: "/home/ann/.threadbox/sandboxes/a/workspace", to: "/workspace" }],
  readOnly: [{ from: "/opt/node", to: "/threadbox/bin/node" }],
  links: [{ to: "../node_modules/.bin/pi", at: "/threadbox/bin/pi" }],
  hidden: ["/home/ann/.threadbox", "/usr/local/src/threadbox"],
  cwd: "/workspace",
};
const system: System = {
  folders: ["/usr"],
  links: [{ to: "usr/bin", at: "/bin" }],
  etc: [{ from: "/run/resolv.conf", to: "/etc/resolv.conf" }],
};

/** The arguments as text, one option with its values after the other. */
const line = (caller: { root: boolean; namespace: boolean }) => bubblewrapArguments(view, system, caller).join(" ");

test("the whole of an ordinary user's walls", () => {
  assert.equal(
    line({ root: false, namespace: true }),
    "--unshare-user --uid 1000 --gid 1000 --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try " +
      "--hostname sandbox --new-session --cap-drop ALL --ro-bind /usr /usr --symlink usr/bin /bin " +
      "--ro-bind /run/resolv.conf /etc/resolv.conf --tmpfs /usr/local/src/threadbox " +
      "--proc /proc --dev /dev --tmpfs /run --symlink ../tmp /var/tmp --ro-bind /opt/node /threadbox/bin/node " +
      "--bind /home/ann/.threadbox/sandboxes/a/workspace /workspace " +
      "--symlink ../node_modules/.bin/pi /threadbox/bin/pi --remount-ro / --chdir /workspace",
  );
});

test("started by root, /proc is read-only; without namespaces the user stays root", () => {
  assert.match(line({ root: true, namespace: true }), /^--unshare-user .* --remount-ro \/proc /);
  assert.match(line({ root: true, namespace: false }), /^--unshare-pid .* --cap-drop ALL .* --remount-ro \/proc /);
});

test("a folder that only begins like a shown one needs no hiding", () => {
  const hidden = ["/usr2/threadbox", "/usrlocal"];
  const all = bubblewrapArguments({ ...view, hidden }, system, { root: false, namespace: true });
  assert.deepEqual(
    all.filter((_, index) => all[index - 1] === "--tmpfs"),
    ["/run"],
  );
});

const here: View = { writable: [], readOnly: [], links: [], hidden: [], cwd: "/" };
const working = await tryBubblewrap({ ...here, cwd: "/usr" }, readSystem(), ["/bin/true"]);
const skip = working.is === "missing" ? working.reason : process.getuid?.() === 0 ? false : "needs root";

describe("as root, with and without a namespace of users", { skip }, () => {
  for (const namespace of [true, false]) {
    test(`a process has no capability and cannot open the kernel's settings (${namespace})`, () => {
      assert.ok(working.is === "working");
      const walls = bubblewrapArguments({ ...here, cwd: "/usr" }, readSystem(), { root: true, namespace });
      const script =
        "grep CapEff /proc/self/status; if : 2>/dev/null >>/proc/sys/kernel/core_pattern; then echo open; fi";
      const said = execFileSync(working.program, [...walls, "--", "/bin/bash", "-c", script], { encoding: "utf8" });
      assert.equal(said, "CapEff:\t0000000000000000\n");
    });
  }
});

test("a command that fails inside means that walls do not stand here, with its own words", async () => {
  if (working.is === "missing") return;
  const tried = await tryBubblewrap({ ...here, cwd: "/usr" }, readSystem(), ["/bin/sh", "-c", "echo alas >&2; exit 1"]);
  assert.deepEqual(tried, { is: "missing", reason: "alas" });
});
