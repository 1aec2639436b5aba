/** One thing that a scenario must have, taken out of an example. */
export interface ExampleMutant {
  readonly name: string;
  readonly example: string;
  /** Below the example's folder. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const deployApi = { example: 'promote-by-sha', file: '.github/workflows/deploy-api.yml' };
const release = { example: 'digest-release', file: '.github/workflows/release.yml' };

export const exampleMutants: readonly ExampleMutant[] = [
  {
    ...deployApi,
    name: 'the compose files are those of main, not of the commit that is deployed',
    from: '          ref: ${{ inputs.image_tag }}\n',
    to: '',
  },
  {
    ...deployApi,
    name: 'the migration is not run',
    from: '          service: migrate\n',
    to: "          service: migrate\n          commands: 'true'\n",
  },
  {
    ...deployApi,
    name: 'nobody is told of a failure',
    from: '        id: notify\n        if: always()\n',
    to: '        id: notify\n',
  },
  {
    ...deployApi,
    name: 'the host key is not checked',
    from: '          source: infra/docker/compose\n',
    to: "          source: infra/docker/compose\n          known-hosts: ' '\n          unsafe-accept-any-host-key: true\n",
  },
  {
    ...deployApi,
    name: 'the env file of the environment is not asked for',
    from: '      DEPLOY_ENV_FILE: ${{ vars.APP_ENV_FILE }}\n',
    to: '',
  },
  {
    ...release,
    name: 'production does not ask staging',
    from: 'run: node tools/passed-staging.mjs',
    to: "run: 'true'",
  },
  {
    ...release,
    name: 'the SQL is not reviewed',
    from: '          backup: required\n',
    to: "          backup: required\n          lint: 'off'\n",
  },
  { ...release, name: 'no backup is made', from: 'backup: required', to: "backup: 'off'" },
  {
    ...release,
    name: 'the second page is not asked for',
    from: '            - name: second page\n              url: ${{ vars.SMOKE_URL_2 }}\n',
    to: '',
  },
  {
    ...release,
    name: 'a red gate rolls nothing back',
    from: "if: failure() && steps.gate.outcome == 'failure' && steps.rollout.outputs.outcome == 'deployed'",
    to: 'if: false',
  },
];
