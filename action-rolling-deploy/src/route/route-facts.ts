import { unescapeDollars, type ComposeModel } from '@deploy-actions/kit/compose/model';
import { asList, asObject, asText, type Json } from '@deploy-actions/kit/json/json';

/** One network of a service: how it is attached, and what DNS calls it there. */
export interface Attachment {
  /** Its key in the compose files. */
  readonly network: string;
  /** What Docker calls it. */
  readonly dockerName: string;
  readonly isExternal: boolean;
  readonly aliases: readonly string[];
  /** True when nothing but aliases is configured, so that it can be made again by `docker network connect --alias`. */
  readonly isPlain: boolean;
}

/** One entry of Compose's `pre_stop`. */
export interface Hook {
  readonly command: readonly string[];
  readonly user: string | undefined;
  readonly workingDir: string | undefined;
  readonly isPrivileged: boolean;
  /** `NAME=value` */
  readonly environment: readonly string[];
}

/** What routing needs of one service beyond {@link ComposeModel}. */
export interface ServiceFacts {
  readonly attachments: readonly Attachment[];
  readonly preStop: readonly Hook[];
}

/** Reads networks and `pre_stop` hooks of every service from Compose's own JSON (`model.text`). */
export function readRouteFacts(model: ComposeModel): ReadonlyMap<string, ServiceFacts> {
  const whole = asObject(JSON.parse(unescapeDollars(model.text)));
  const networks = asObject(whole['networks']);
  const services = Object.entries(asObject(whole['services'])).map(([name, body]) => {
    const attachments = Object.entries(asObject(asObject(body)['networks'])).map(([network, options]) =>
      parseAttachment(model.name, network, asObject(options), asObject(networks[network])),
    );
    return [name, { attachments, preStop: asList(asObject(body)['pre_stop']).map(parseHook) }] as const;
  });
  return new Map(services);
}

function parseAttachment(project: string, network: string, options: Json, definition: Json): Attachment {
  const isExternal = definition['external'] === true || Object.keys(asObject(definition['external'])).length > 0;
  return {
    network,
    dockerName: asText(definition['name']) ?? (isExternal ? network : `${project}_${network}`),
    isExternal,
    aliases: asList(options['aliases']).flatMap((alias) => asText(alias) ?? []),
    isPlain: Object.entries(options).every(([key, value]) => key === 'aliases' || value === null),
  };
}

function parseHook(value: unknown): Hook {
  const hook = asObject(value);
  const { command, environment } = hook;
  const pairs = Array.isArray(environment)
    ? environment.map(String)
    : Object.entries(asObject(environment)).flatMap(([name, text]) =>
        typeof text === 'string' || typeof text === 'number' || typeof text === 'boolean' ? [`${name}=${text}`] : [],
      );
  return {
    command: typeof command === 'string' ? ['sh', '-c', command] : asList(command).map(String),
    user: asText(hook['user']),
    workingDir: asText(hook['working_dir']),
    isPrivileged: hook['privileged'] === true,
    environment: pairs,
  };
}
