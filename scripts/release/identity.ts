import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { record } from '../metadata.ts';
import { root } from '../workspace.ts';
import { ReleaseRefusal } from './refusal.ts';

/** Where this repository lives: the one place is `repository` in the root's package.json. */
export interface Identity {
  readonly owner: string;
  readonly name: string;
  /** `owner/name` */
  readonly slug: string;
}

/** Reads `owner/name`; undefined when GitHub would not take it. */
export function parseIdentity(slug: string): Identity | undefined {
  const match = /^([A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?)\/([A-Za-z0-9._-]{1,100})$/.exec(slug);
  const [, owner, name] = match ?? [];
  return owner === undefined || name === undefined ? undefined : { owner, name, slug };
}

/** @throws ReleaseRefusal when the root's package.json does not say it as `github:owner/name` */
export function readIdentity(folder: string = root): Identity {
  const { repository } = record(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  const identity = typeof repository === 'string' ? parseIdentity(repository.replace(/^github:/, '')) : undefined;
  if (identity === undefined) throw new ReleaseRefusal(['package.json: "repository" has to be "github:owner/name".']);
  return identity;
}
