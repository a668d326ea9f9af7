/** The control plane's named things: tokens, apps, environments, secrets, volumes. */
import type { Cloud } from "./cloud.ts";
import { environmentOf } from "./cloud.ts";
import type { Handlers } from "./grpc-server.ts";
import { Refusal } from "./refusal.ts";

/** `ObjectCreationType`: look it up, make it when it is missing, or make one without a name. */
export const CREATE = { ifMissing: 1, ephemeral: 5 } as const;

/** What environments are given; the SDK only hands it back. */
const BUILDER_VERSION = "2025.06";

export function accountMethods(cloud: Cloud) {
  return {
    AuthTokenGet: (_request, call) => {
      const token = cloud.credentials.authToken(call.header("x-modal-token-id"), call.header("x-modal-token-secret"));
      return { token };
    },
    AppGetOrCreate({ appName, environmentName, objectCreationType }) {
      const environment = environmentOf(environmentName);
      const key = { name: appName, environment };
      const app = found(cloud.apps, key, "App", objectCreationType, () => ({ ...key, id: cloud.ids.other("ap") }));
      const handleMetadata = { description: app.name, appId: app.id, environmentName: environment };
      return { appId: app.id, handleMetadata };
    },
    EnvironmentGetOrCreate({ deploymentName }) {
      const name = environmentOf(deploymentName);
      const settings = { imageBuilderVersion: BUILDER_VERSION, webhookSuffix: "" };
      return { environmentId: `en-${name}`, metadata: { name, settings } };
    },
    SecretGetOrCreate({ deploymentName, environmentName, objectCreationType, envDict, requiredKeys }) {
      const environment = environmentOf(environmentName);
      const made = { id: cloud.ids.other("st"), environment, env: envDict };
      if (objectCreationType === CREATE.ephemeral) {
        cloud.secrets.push({ ...made, name: null });
        return { secretId: made.id };
      }
      const key = { name: deploymentName, environment };
      const secret = found(cloud.secrets, key, "Secret", objectCreationType, () => ({ ...made, ...key }));
      const missing = requiredKeys.filter((one) => !Object.hasOwn(secret.env, one));
      if (missing.length > 0)
        throw new Refusal("FAILED_PRECONDITION", `Secret is missing key(s): ${missing.join(", ")}`);
      return { secretId: secret.id };
    },
    VolumeGetOrCreate({ deploymentName, environmentName, objectCreationType, version }) {
      const environment = environmentOf(environmentName);
      const made = { id: cloud.ids.other("vo"), environment, version: version || 1 };
      if (objectCreationType === CREATE.ephemeral) {
        cloud.volumes.push({ ...made, name: null });
        return { volumeId: made.id, version: made.version, metadata: { version: made.version, name: "" } };
      }
      const key = { name: deploymentName, environment };
      const volume = found(cloud.volumes, key, "Volume", objectCreationType, () => ({ ...made, ...key }));
      const { name, version: had } = volume;
      return { volumeId: volume.id, version: had, metadata: { version: had, name: name ?? "" } };
    },
  } satisfies Partial<Handlers>;
}

interface Named {
  name: string | null;
  environment: string;
}

function found<T extends Named>(all: T[], key: Named, what: string, creation: number, make: () => T): T {
  const known = all.find((one) => one.name === key.name && one.environment === key.environment);
  if (known) return known;
  if (creation !== CREATE.ifMissing)
    throw new Refusal("NOT_FOUND", `${what} '${key.name}' not found in environment '${key.environment}'`);
  const made = make();
  all.push(made);
  return made;
}
