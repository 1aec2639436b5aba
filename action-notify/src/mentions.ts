import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { parse } from 'yaml';
import { statuses, type Status } from './status.ts';

/** Somebody whom a service may call: a person, or a group of them. */
export interface Mention {
  readonly kind: 'user' | 'group';
  readonly id: string;
}

const services = ['slack', 'discord', 'teams', 'telegram'] as const;
type Service = (typeof services)[number];

/** Whom a message calls, by service. Nobody is called whose id was not given. */
export type Mentions = Readonly<Record<Service, readonly Mention[]>>;

export const noMentions: Mentions = { slack: [], discord: [], teams: [], telegram: [] };

interface Form {
  readonly user: RegExp;
  readonly group?: RegExp;
  readonly told: string;
}

/** How each service writes ids; ids only, because a name can be taken by somebody else. */
const forms: Readonly<Record<Service, Form>> = {
  slack: { user: /^[UW][A-Z0-9]{2,20}$/, group: /^S[A-Z0-9]{2,20}$/, told: 'a user id (U…) or a user group id (S…)' },
  discord: { user: /^\d{15,20}$/, group: /^role:(\d{15,20})$/, told: "a user id, or role: and a role's id" },
  teams: {
    user: /^(?:[^\s<>@"&]+@[^\s<>@"&]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/,
    told: 'a user principal name (ada@example.com) or a Microsoft Entra object id',
  },
  telegram: { user: /^\d{3,20}$/, told: 'a numeric user id' },
};

/**
 * Reads the YAML of `mentions`, status → service → ids, and returns those of one status. `all` stands for every status.
 * @throws ConfigurationError naming what is not known or not an id
 */
export function parseMentions(text: string, status: Status): Mentions {
  const byStatus = asMap(parseYaml(text), 'it is not a YAML map of statuses');
  const wanted: Record<Service, Mention[]> = { slack: [], discord: [], teams: [], telegram: [] };
  for (const [name, value] of Object.entries(byStatus)) {
    if (name !== 'all' && !statuses.some((known) => known === name)) throw unknownName(name, ['all', ...statuses]);
    const byService = asMap(value, `below ${JSON.stringify(name)} is not a map of services`);
    for (const [serviceName, ids] of Object.entries(byService)) {
      const service = services.find((candidate) => candidate === serviceName);
      if (service === undefined) throw unknownName(serviceName, services);
      const list: readonly unknown[] = Array.isArray(ids) ? ids : [ids];
      const mentions = list.map((id) => parseId(service, id));
      if (name === 'all' || name === status) wanted[service].push(...mentions);
    }
  }
  return wanted;
}

function parseId(service: Service, value: unknown): Mention {
  // Discord's ids are larger than a double can hold: integers were read as bigint.
  const text = typeof value === 'bigint' ? String(value) : value;
  const form = forms[service];
  if (typeof text === 'string' && form.user.test(text)) return { kind: 'user', id: text };
  const group = typeof text === 'string' ? form.group?.exec(text) : undefined;
  if (group !== null && group !== undefined) return { kind: 'group', id: group[1] ?? group[0] };
  const shown = typeof text === 'string' ? JSON.stringify(text) : 'something that is no text';
  throw new ConfigurationError(`input \`mentions\`: ${service}: ${shown} is not ${form.told}.`);
}

function parseYaml(text: string): unknown {
  try {
    const value: unknown = parse(text, { maxAliasCount: 10, uniqueKeys: true, intAsBigInt: true });
    return value;
  } catch (cause) {
    const problem = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new ConfigurationError(`input \`mentions\`: it is not valid YAML: ${problem}`);
  }
}

function asMap(value: unknown, problem: string): Readonly<Record<string, unknown>> {
  if (value === null || value === undefined) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return { ...value };
  throw new ConfigurationError(
    `input \`mentions\`: ${problem}.`,
    'Write for example:\nfailure:\n  slack: [U012AB3CD]\n  discord: [role:123456789012345678]',
  );
}

function unknownName(name: string, known: readonly string[]): ConfigurationError {
  return new ConfigurationError(`input \`mentions\`: ${JSON.stringify(name)} is not one of: ${known.join(', ')}.`);
}
