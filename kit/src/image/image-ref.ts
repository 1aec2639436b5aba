import { ConfigurationError } from '../action/errors.ts';
import { parseDigest, type Digest } from './digest.ts';

export { parseDigest, shortDigest, type Digest } from './digest.ts';

/** An image reference, normalised as Docker does; made by {@link parseImageRef}. */
export interface ImageRef {
  /** Host with optional port, as typed; `docker.io` when none was given. */
  readonly registry: string;
  /** Path below the registry; with `library/` in front for Docker Hub's official images. */
  readonly repository: string;
  /** Absent when none was given: it is NOT filled in with `latest`. */
  readonly tag?: string;
  readonly digest?: Digest;
  /** The reference as the user typed it, for messages. */
  readonly text: string;
}

/** A reference whose content cannot change. */
export type PinnedImageRef = ImageRef & { readonly digest: Digest };

const defaultRegistry = 'docker.io';
const longestRepository = 255;

// The grammar of github.com/distribution/reference (regexp.go), which Docker, Compose and containerd share.
const domainPart = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const hostPattern = new RegExp(`^(?:${domainPart}(?:\\.${domainPart})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const pathPart = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const repositoryPattern = new RegExp(`^${pathPart}(?:/${pathPart})*$`);
const tagPattern = /^\w[\w.-]{0,127}$/;

/**
 * Reads an image reference exactly as Docker does: default registry and `library/`, localhost, ports, IPv6 hosts,
 * tag and digest together.
 * @param subject what the text belongs to, for the message: ``input `images`, line 2``
 * @throws ConfigurationError quoting the text
 */
export function parseImageRef(text: string, subject: string): ImageRef {
  const refuse = (reason: string, hint?: string): never => {
    throw new ConfigurationError(`${subject}: ${JSON.stringify(text)} is not an image reference: ${reason}.`, hint);
  };
  if (text === '') refuse('it is empty');
  if (/\s/.test(text)) refuse('it holds white space');
  if (/^[a-z]+:\/\//i.test(text)) refuse('it starts with a URL scheme', 'Write the host without https://.');
  if (/^[0-9a-f]{64}$/.test(text))
    refuse('64 hex digits are an image id, not a name', 'Write repository@sha256:<64 hex>.');

  const [beforeDigest = '', digestText, ...moreDigests] = text.split('@');
  if (moreDigests.length > 0) refuse('it holds more than one @');
  const digest = digestText === undefined ? undefined : parseDigest(digestText);
  if (digestText !== undefined && digest === undefined) {
    refuse(`${JSON.stringify(digestText)} is not a digest`, 'A digest is sha256: and 64 lower-case hex digits.');
  }
  const { registry, rest } = splitRegistry(beforeDigest);
  const [path, tag] = splitTag(rest);
  if (tag !== undefined && !tagPattern.test(tag)) {
    refuse(
      `${JSON.stringify(tag)} is not a tag`,
      'A tag has 1 to 128 letters, digits, _, . or -, and no . or - in front.',
    );
  }
  if (!hostPattern.test(registry)) refuse(`${JSON.stringify(registry)} is not a registry host`);
  const repository = registry === defaultRegistry && !path.includes('/') ? `library/${path}` : path;
  if (path !== path.toLowerCase()) refuse('a repository name is lower case', `Write ${path.toLowerCase()}.`);
  if (!repositoryPattern.test(repository)) refuse(`${JSON.stringify(path)} is not a repository name`);
  if (repository.length > longestRepository)
    refuse(`the repository name is longer than ${longestRepository} characters`);
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
    text,
  };
}

/** Docker takes the first path part for a host only if it looks like one: a dot, a port, upper case or `localhost`. */
function splitRegistry(name: string): { readonly registry: string; readonly rest: string } {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const isHost = first !== '' && (first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase());
  if (!isHost) return { registry: defaultRegistry, rest: name };
  const registry = first === 'index.docker.io' ? defaultRegistry : first;
  return { registry, rest: name.slice(slash + 1) };
}

function splitTag(rest: string): readonly [path: string, tag: string | undefined] {
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  return colon === -1 ? [rest, undefined] : [rest.slice(0, colon), rest.slice(colon + 1)];
}

/** `registry/repository`, always with the registry: what a digest is appended to. */
export function imageName(ref: ImageRef): string {
  return `${ref.registry}/${ref.repository}`;
}

/** The whole normalised reference; `docker pull` accepts it as it is. */
export function formatImageRef(ref: ImageRef): string {
  const tag = ref.tag === undefined ? '' : `:${ref.tag}`;
  const digest = ref.digest === undefined ? '' : `@${ref.digest}`;
  return `${imageName(ref)}${tag}${digest}`;
}

export function isPinned(ref: ImageRef): ref is PinnedImageRef {
  return ref.digest !== undefined;
}

/** The same image by digest alone: `registry/repository@sha256:…`; a tag beside a digest says nothing more. */
export function pinImage(ref: ImageRef, digest: Digest): PinnedImageRef {
  const { registry, repository } = ref;
  return { registry, repository, digest, text: `${registry}/${repository}@${digest}` };
}
