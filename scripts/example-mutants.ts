/** One thing that a scenario must have, taken out of an example or out of an action. */
export interface ExampleMutant {
  readonly name: string;
  readonly example: string;
  /** The action that loses a feature. Without: the example does. */
  readonly action?: string;
  /** Below the folder of the action, or of the example. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The path of the example's test that must turn red. */
  readonly foundBy: string;
  /** Paths that bring the server to where that one begins; they must stay green. */
  readonly needs: readonly string[];
}

const firstDeploy = 'first deploy on an empty server';
const twoCommits = 'two commits built by the workflow, and deployed at the same time';
const olderCommit = 'the workflow at the older commit';
const deployApi = { example: 'promote-by-sha', file: '.github/workflows/deploy-api.yml' };
const staging = { example: 'rolling-webshop', file: '.github/workflows/deploy-staging.yml' };
const production = { example: 'rolling-webshop', file: '.github/workflows/deploy-production.yml' };
const oneOffs = { example: 'compose-one-offs', file: '.github/workflows/deploy.yml' };
const release = { example: 'digest-release', file: '.github/workflows/release.yml' };
const guarded = { example: 'guarded-manual-deploy', file: '.github/workflows/deploy.yml' };
const sites = { example: 'promote-by-sha', file: '.github/workflows/deploy-sites.yml' };

export const exampleMutants: readonly ExampleMutant[] = [
  {
    ...deployApi,
    name: 'the compose files are those of main, not of the commit that is deployed',
    from: '          ref: ${{ inputs.image_tag }}\n',
    to: '',
    foundBy: 'a second commit with a migration',
    needs: [firstDeploy],
  },
  {
    ...deployApi,
    name: 'the migration is not run',
    from: '          service: migrate\n',
    to: "          service: migrate\n          commands: 'true'\n",
    foundBy: 'a migration that fails',
    needs: [firstDeploy, 'a second commit with a migration'],
  },
  {
    ...deployApi,
    name: 'nobody is told of a failure',
    from: '        id: notify\n        if: always()\n',
    to: '        id: notify\n',
    foundBy: 'a migration that fails',
    needs: [firstDeploy, 'a second commit with a migration'],
  },
  {
    ...deployApi,
    name: 'the host key is not checked',
    from: '          source: infra/docker/compose\n',
    to: "          source: infra/docker/compose\n          known-hosts: ' '\n          unsafe-accept-any-host-key: true\n",
    foundBy: 'a server with another host key',
    needs: [firstDeploy],
  },
  {
    ...deployApi,
    name: 'the env file of the environment is not asked for',
    from: '      DEPLOY_ENV_FILE: ${{ vars.APP_ENV_FILE }}\n',
    to: '',
    foundBy: 'an env file that nobody wrote',
    needs: [firstDeploy],
  },
  {
    ...release,
    name: 'production does not ask staging',
    from: 'run: node tools/passed-staging.mjs',
    to: "run: 'true'",
    foundBy: 'production, digests that staging never had',
    needs: [],
  },
  {
    ...release,
    name: 'the SQL is not reviewed',
    from: '          backup: required\n',
    to: "          backup: required\n          lint: 'off'\n",
    foundBy: 'SQL that would lose data',
    needs: ['staging, first release'],
  },
  {
    ...release,
    name: 'no backup is made',
    from: 'backup: required',
    to: "backup: 'off'",
    foundBy: 'staging, first release',
    needs: [],
  },
  {
    ...release,
    name: 'the second page is not asked for',
    from: '            - name: second page\n              url: ${{ vars.SMOKE_URL_2 }}\n',
    to: '',
    foundBy: 'a page that does not answer after the rollout',
    needs: ['staging, first release'],
  },
  {
    ...release,
    name: 'a red gate rolls nothing back',
    from: "if: failure() && steps.gate.outcome == 'failure' && steps.rollout.outputs.outcome == 'deployed'",
    to: 'if: false',
    foundBy: 'a page that does not answer after the rollout',
    needs: ['staging, first release'],
  },
  {
    ...oneOffs,
    name: 'a tag that moves is taken',
    from: "${{ vars.ALLOW_MUTABLE_TAGS == 'true' }}",
    to: "'true'",
    foundBy: 'a tag that moves',
    needs: ['first push'],
  },
  {
    ...oneOffs,
    name: 'the second one-off is not run',
    from: '            python3 manage.py collectstatic --noinput\n',
    to: '',
    foundBy: 'first push',
    needs: [],
  },
  {
    example: 'digest-release',
    action: 'action-migrate',
    file: 'src/preparation.ts',
    name: 'no backup is made before the SQL',
    from: 'if (client === undefined || wishes === undefined) {',
    to: 'if (client !== null) {',
    foundBy: 'staging, first release',
    needs: [],
  },
  {
    example: 'digest-release',
    action: 'action-health-gate',
    file: 'src/publish.ts',
    name: 'a red gate ends green',
    from: '  if (shouldFail) throw error;\n',
    to: '',
    foundBy: 'a page that does not answer after the rollout',
    needs: ['staging, first release'],
  },
  {
    ...sites,
    name: 'a pull request that was not merged is deployed',
    from: ' || github.event.pull_request.merged == true',
    to: " || github.event_name == 'pull_request'",
    foundBy: 'a pull request that was closed without a merge',
    needs: [],
  },
  {
    ...sites,
    name: 'a fork ends green and deploys nothing',
    from: "if: steps.gate.outputs.from-fork == 'true' &&",
    to: 'if: false &&',
    foundBy: 'a merge from a fork, which has no secrets',
    needs: [],
  },
  {
    ...sites,
    name: 'the merge commit is deployed, not the tip of main',
    from: '          ref: main\n',
    to: '',
    foundBy: 'a merge that touched the docs',
    needs: [],
  },
  {
    ...sites,
    name: 'any commit that is served will do',
    from: `          expect-sha: \${{ needs.gate.outputs.sha }}
      - name: Notify
        if: always()
        uses: your-org/deploy-actions/action-notify@v1
        with:
          title: site docs
`,
    to: `      - name: Notify
        if: always()
        uses: your-org/deploy-actions/action-notify@v1
        with:
          title: site docs
`,
    foundBy: 'a status that Cloudflare does not know yet, over the old site',
    needs: [],
  },
  {
    ...staging,
    name: 'staging gets no seed data',
    from: 'commands: python3 manage.py loaddata seed',
    to: 'commands: python3 manage.py check',
    foundBy: 'first push to main',
    needs: [],
  },
  {
    ...production,
    name: 'the age of the backup is not asked for',
    from: "commands: python3 manage.py newest_backup /backups --within-minutes ${{ vars.BACKUP_MAX_AGE_MINUTES || '1440' }}",
    to: 'commands: python3 manage.py check',
    foundBy: 'production, with a backup of last week only',
    needs: [],
  },
  {
    ...staging,
    name: 'a red gate leaves the new release',
    from: "steps.gate.outcome == 'failure' || ",
    to: '',
    foundBy: 'a page that people cannot open after the rollout',
    needs: ['first push to main', 'the next push, its migration first, with people on the page'],
  },
  {
    example: 'rolling-webshop',
    action: 'action-rolling-deploy',
    file: 'src/service-rollout.ts',
    name: 'the old container goes before the new one is there',
    from: 'plan.stopFirst === undefined ? maxSurge : 0;',
    to: '0;',
    foundBy: 'the next push, its migration first, with people on the page',
    needs: ['first push to main'],
  },
  {
    ...guarded,
    name: 'any word confirms',
    from: 'if [ "$CONFIRM" != DEPLOY ]',
    to: 'if [ -z "$CONFIRM" ]',
    foundBy: 'something else than DEPLOY typed',
    needs: [],
  },
  {
    ...guarded,
    name: 'the lease is not that of the server',
    from: "host:${{ vars.DEPLOY_LEASE_FOLDER || '/srv/deploy-lease' }}",
    to: 'project',
    foundBy: 'a person has frozen the server',
    needs: [twoCommits, olderCommit],
  },
  {
    ...guarded,
    name: 'what is unchanged keeps its container',
    from: '          recreate: all\n',
    to: '',
    foundBy: 'a broken contract that is allowed',
    needs: ['a broken contract'],
  },
  {
    ...guarded,
    name: 'a broken contract cannot be allowed',
    from: "${{ vars.ALLOW_CONTRACT_FAILURE == 'true' }}",
    to: 'false',
    foundBy: 'a broken contract that is allowed',
    needs: ['a broken contract'],
  },
  {
    ...guarded,
    name: 'the contracts are not checked',
    from: '[python3, scripts/contracts_check.py]',
    to: "['true']",
    foundBy: 'a broken contract',
    needs: [],
  },
  {
    ...guarded,
    name: 'any commit that serves will do',
    from: '          expect-sha: ${{ github.sha }}\n',
    to: '',
    foundBy: 'an app that says another commit',
    needs: [twoCommits, olderCommit],
  },
  {
    ...guarded,
    name: 'the reason is not kept',
    from: '          message: ${{ inputs.reason }}\n',
    to: '',
    foundBy: 'the workflow at the older commit',
    needs: [twoCommits],
  },
];
