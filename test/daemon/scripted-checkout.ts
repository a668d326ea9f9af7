/** A clone whose every outcome is written by the test; keeps the promises of the port and remembers what it was asked. */
import type { Checkout, CheckoutSpec, Committed, Grant, Published } from "../../src/daemon/checkout.ts";
import type { DaemonOptions } from "../../src/daemon/daemon.ts";

export const NOTHING: Published = { pushed: null, changes: null, patch: null };

export interface ScriptedCheckout {
  make: DaemonOptions["checkout"];
  /** In order: "clone:prepare", "clone:begin Ann", "clone:publish Fix it". */
  calls: string[];
  specs: CheckoutSpec[];
  /** What came with leave to push. */
  grants: Grant[];
  prepare(): Promise<void>;
  commit(): Promise<Committed | null>;
  publish(): Promise<Published>;
}

export function scriptedCheckout(): ScriptedCheckout {
  const scripted: ScriptedCheckout = {
    make: (spec) => {
      scripted.specs.push(spec);
      return checkout(spec);
    },
    calls: [],
    specs: [],
    grants: [],
    prepare: async () => {},
    commit: async () => null,
    publish: async () => NOTHING,
  };
  return scripted;

  function checkout(spec: CheckoutSpec): Checkout {
    return {
      spec,
      async prepare(report) {
        scripted.calls.push(`${spec.id}:prepare`);
        report({ type: "workspace.preparing", repository: spec.id, step: "clone" });
        await scripted.prepare();
        report({ type: "workspace.ready", repository: spec.id, branch: spec.branch ?? "main", commit: "c0" });
      },
      async begin(coAuthors) {
        scripted.calls.push(`${spec.id}:begin ${coAuthors.map(({ name }) => name).join(",")}`);
      },
      async commit(subject) {
        scripted.calls.push(`${spec.id}:commit ${subject}`);
        return scripted.commit();
      },
      async publish(subject, only, grant) {
        if (grant) scripted.grants.push(grant);
        scripted.calls.push(`${spec.id}:publish ${subject}${only ? ` (${only})` : ""}`);
        return scripted.publish();
      },
    };
  }
}
