import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/**
 * The import edges of the house (docs/architecture.md). Each outside thing has one door; `owner` is the only folder
 * that may open it.
 */
const doors = [
  { owner: 'kit/src/action', packages: '@actions/core' },
  { owner: 'kit/src/github', packages: '@actions/github|@octokit/[^/]+' },
  { owner: 'kit/src/host', packages: '@actions/exec|node-ssh|ssh2|(node:)?child_process' },
];
const actions = { regex: '^((\\.\\./){2,}|@deploy-actions/)action-', message: 'Nothing imports an action.' };
const tools = {
  regex: '^((\\.\\./){2,}|@deploy-actions/)(lab|demo|bench|scripts|examples)(/|$)',
  message: 'What ships imports no tool.',
};
const kitByPath = { regex: '/kit/src/', message: 'Import the kit by its name: @deploy-actions/kit/<room>/<file>.' };
const kit = { regex: '/kit/', message: 'Tools run what is bundled; they import nothing of it.' };

const closedDoors = (own) =>
  doors
    .filter(({ owner }) => owner !== own)
    .map(({ owner, packages }) => ({ regex: `^(${packages})(/|$)`, message: `Only ${owner} may import this.` }));

const edges = (files, patterns, ignores = []) => ({
  files,
  ignores,
  rules: { 'no-restricted-imports': ['error', { patterns }] },
});

export default defineConfig(
  globalIgnores(['**/dist/**', '**/.cache/**', '**/.tsc/**', 'bench/out/**']),
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.mts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['vitest.config.mts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'max-lines': ['error', 300],
      'max-lines-per-function': ['error', 60],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Fakes and thin adapters keep an asynchronous interface without awaiting anything themselves.
      '@typescript-eslint/require-await': 'off',
      // A loop that only an event, a deadline or a return ends is the honest way to write a poll.
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'always' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    // What ships: every error has a code, nothing prints past the runner's log.
    files: ['kit/src/**/*.ts', 'action-*/src/**/*.ts'],
    ignores: ['kit/src/testing/**'],
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ThrowStatement > NewExpression[callee.name=/^(Error|TypeError|RangeError|AggregateError)$/]',
          message: 'Throw a DeployError or a ConfigurationError: a code, what was observed, the next thing to do.',
        },
      ],
    },
  },
  edges(
    ['kit/src/**/*.ts'],
    [actions, tools, ...closedDoors('')],
    doors.map(({ owner }) => `${owner}/**`),
  ),
  ...doors.map(({ owner }) => edges([`${owner}/**/*.ts`], [actions, tools, ...closedDoors(owner)])),
  edges(['action-*/src/**/*.ts'], [actions, tools, kitByPath, ...closedDoors('')]),
  edges(['action-*/test/**/*.ts'], [actions, kitByPath]),
  edges(['lab/**/*.ts', 'demo/**/*.ts', 'bench/**/*.ts'], [actions, kit]),
  {
    files: ['action-*/src/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Read the environment through the runner (kit/src/action).' },
      ],
    },
  },
  {
    files: ['**/test/**/*.ts', 'kit/src/testing/**/*.ts'],
    rules: {
      'max-lines': ['error', 600],
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  {
    // Programs that run inside the lab's images: Node's globals, no types.
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    rules: { 'no-undef': 'off' },
  },
);
