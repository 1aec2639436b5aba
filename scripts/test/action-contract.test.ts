import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createScanner, type UsedNames } from '../contract-scan.ts';
import { readMetadata, type ActionMetadata } from '../metadata.ts';
import { listReadmes, renderReadme } from '../readme.ts';
import { findStepLists } from '../workflow-steps.ts';
import { listActions, root } from '../workspace.ts';

const chain = ['verify-image', 'sync-remote', 'migrate', 'rolling-deploy', 'health-gate', 'notify'];
const folders = listActions();
const actions = new Map(folders.map((folder) => [folder, readMetadata(join(root, folder, 'action.yml'))]));
const everyAction = new Map<string, ActionMetadata>([...actions, ['.', readMetadata(join(root, 'action.yml'))]]);
/** Longer texts do not fit the Marketplace's form. */
const longestDescription = 124;
const colors = ['white', 'black', 'yellow', 'blue', 'green', 'orange', 'red', 'purple', 'gray-dark'];
/** Feather icons that GitHub renders and that fit one of our actions. */
const icons = [
  'activity',
  'bell',
  'check-circle',
  'database',
  'folder',
  'heart',
  'layers',
  'message-circle',
  'package',
];
const moreIcons = ['refresh-cw', 'repeat', 'send', 'server', 'shield', 'truck', 'upload', 'upload-cloud', 'zap'];
/** Inputs that mean the same thing everywhere (docs/architecture.md), so they have the same default everywhere. */
const shared = ['host', 'port', 'user', 'ssh-private-key', 'ssh-passphrase', 'known-hosts', 'host-fingerprint'];
const sharedMore = [
  'jump-host',
  'jump-ssh-private-key',
  'jump-ssh-passphrase',
  'proxy-command',
  'transport',
  'unsafe-accept-any-host-key',
  'deploy-path',
  'compose-files',
  'project-name',
  'profiles',
  'env-file',
  'lock-wait',
];

test('the six actions of the chain are there', () => {
  expect(folders).toEqual(expect.arrayContaining(chain.map((name) => `action-${name}`)));
});

describe.each([...everyAction])('%s/action.yml', (folder, action) => {
  test('has a name, branding that GitHub renders, and descriptions that fit', () => {
    expect(action.name).not.toBe('');
    expect(colors).toContain(action.branding.color);
    expect([...icons, ...moreIcons]).toContain(action.branding.icon);
    const described = [
      ['the action', action.description],
      ...Object.entries(action.inputs).map(([name, input]) => [`input ${name}`, input.description]),
      ...Object.entries(action.outputs).map(([name, output]) => [`output ${name}`, output.description]),
    ] as const;
    const unfit = described.filter(([, text = '']) => text === '' || text.length > longestDescription);
    expect(unfit).toEqual([]);
  });

  test('has no default on a required input', () => {
    const odd = Object.entries(action.inputs).filter(([, input]) => input.required && input.default !== undefined);
    expect(odd.map(([name]) => name)).toEqual([]);
  });

  test('gives shared inputs the default they have everywhere', () => {
    const different = [...shared, ...sharedMore].filter((name) => {
      const own = action.inputs[name];
      const others = [...everyAction.values()]
        .map((other) => other.inputs[name])
        .filter((input) => input !== undefined);
      return own !== undefined && others.some((other) => (other.default ?? '') !== (own.default ?? ''));
    });
    expect(different, folder).toEqual([]);
  });
});

describe('code and action.yml', () => {
  let scan: (folder: string) => UsedNames;
  beforeAll(() => {
    scan = createScanner(folders);
  }, 120_000);

  test.each(folders)('%s reads exactly the inputs and writes exactly the outputs it declares', (folder) => {
    const used = scan(folder);
    const declared = actions.get(folder);
    expect(used.unknown).toEqual([]);
    expect(used.inputs).toEqual(Object.keys(declared?.inputs ?? {}).sort());
    expect(used.outputs).toEqual(Object.keys(declared?.outputs ?? {}).sort());
  });

  test.each([...actions])('%s runs its own bundle on node24', (_folder, action) => {
    expect(action.runs['using']).toBe('node24');
    expect(action.runs['main']).toBe('dist/index.js');
    expect([undefined, 'dist/index.js']).toContain(action.runs['post']);
  });

  test.each(listReadmes())('the document %s shows what it is generated from (npm run docs)', async (folder) => {
    const { before, after } = await renderReadme(folder);
    expect(before === after).toBe(true);
  });

  test.each(folders)('%s has a changelog with a version and what it brought', (folder) => {
    expect(readFileSync(join(root, folder, 'CHANGELOG.md'), 'utf8')).toMatch(/^## .+\n\s*\S/m);
  });
});

describe('examples, documents and the composite', () => {
  const lists = findStepLists();

  test('use inputs that exist and give those that are required', () => {
    const complaints = lists.flatMap(({ steps }) =>
      steps.flatMap((step) => {
        const inputs = everyAction.get(step.folder)?.inputs;
        if (inputs === undefined) return [`${step.where}: there is no ${step.folder}`];
        const given = Object.keys(step.with);
        const unknown = given.filter((name) => inputs[name] === undefined);
        const missing = Object.keys(inputs).filter((name) => inputs[name]?.required && !given.includes(name));
        return [
          ...unknown.map((name) => `${step.where}: unknown ${name}`),
          ...missing.map((name) => `${step.where}: no ${name}`),
        ];
      }),
    );
    expect(complaints).toEqual([]);
    expect(lists.flatMap(({ steps }) => steps).length).toBeGreaterThan(chain.length);
  });

  test('the composite hands the defaults of its siblings on: an empty value would hide them', () => {
    const own = everyAction.get('.')?.inputs ?? {};
    const steps = lists.filter(({ where }) => where === 'action.yml').flatMap((list) => list.steps);
    const complaints = steps.flatMap((step) =>
      Object.entries(step.with).flatMap(([name, value]) => {
        const [, input = ''] = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(String(value)) ?? [];
        const theirs = everyAction.get(step.folder)?.inputs[name]?.default ?? '';
        return input !== '' && theirs !== (own[input]?.default ?? '')
          ? [`${step.where}: ${name} is ${theirs} there`]
          : [];
      }),
    );
    expect(steps.length).toBeGreaterThan(chain.length);
    expect(complaints).toEqual([]);
  });

  test('the composite passes on every input of the rollout, but those of the other modes', () => {
    const steps = lists.filter(({ where }) => where === 'action.yml').flatMap((list) => list.steps);
    const given = steps.find(({ folder, with: inputs }) => folder === 'action-rolling-deploy' && !('mode' in inputs));
    const ofOtherModes = ['mode', 'to', 'from-release', 'force', 'reason'];
    const missing = Object.keys(actions.get('action-rolling-deploy')?.inputs ?? {}).filter(
      (name) => !ofOtherModes.includes(name) && given?.with[name] !== `\${{ inputs.${name} }}` && name !== 'images',
    );
    expect(missing).toEqual([]);
  });

  test('the composite passes on every input of the sync, but those of a job that only syncs', () => {
    const steps = lists.filter(({ where }) => where === 'action.yml').flatMap((list) => list.steps);
    const given = steps.find(({ folder }) => folder === 'action-sync-remote');
    const missing = Object.keys(actions.get('action-sync-remote')?.inputs ?? {}).filter(
      (name) => !['activate', 'dry-run'].includes(name) && given?.with[name] !== `\${{ inputs.${name} }}`,
    );
    expect(missing).toEqual([]);
  });

  test('the composite passes on every input of notify, but those of how it runs and of its own steps', () => {
    const steps = lists.filter(({ where }) => where === 'action.yml').flatMap((list) => list.steps);
    const given = steps.find(({ folder }) => folder === 'action-notify');
    const howItRuns = [
      'deadline',
      'dry-run',
      'on-missing',
      'on-error',
      'summary',
      'record',
      'include-approvals',
      'thread',
    ];
    const notOurs = [...howItRuns, 'url', 'duration', 'github-deployment'];
    const missing = Object.keys(actions.get('action-notify')?.inputs ?? {}).filter(
      (name) => !notOurs.includes(name) && given?.with[name] === undefined,
    );
    expect(missing).toEqual([]);
    const services = Object.keys(given?.with ?? {}).filter((name) =>
      /^(slack|discord|teams|telegram|ntfy|webhook)-/.test(name),
    );
    expect(services.filter((name) => given?.with[name] !== `\${{ inputs.${name} }}`)).toEqual([]);
    expect(services.length).toBeGreaterThan(10);
  });

  test('refer to outputs that exist', () => {
    const complaints = lists.flatMap(({ steps, references }) =>
      references.flatMap(({ where, id, output }) => {
        const step = steps.find((candidate) => candidate.id === id);
        const outputs = step && everyAction.get(step.folder)?.outputs;
        return outputs !== undefined && outputs[output] === undefined
          ? [`${where}: steps.${id}.outputs.${output}`]
          : [];
      }),
    );
    expect(complaints).toEqual([]);
  });
});
