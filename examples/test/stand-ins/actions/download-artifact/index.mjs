// Copies what another job of the same run left by that name into the workspace.
import { cpSync } from 'node:fs';
import { join } from 'node:path';

const {
  INPUT_NAME = '',
  INPUT_PATH = '',
  GITHUB_WORKSPACE = '.',
  GITHUB_RUN_ID = '',
  LAB_ARTIFACTS = '',
} = process.env;
cpSync(join(LAB_ARTIFACTS, GITHUB_RUN_ID, INPUT_NAME), join(GITHUB_WORKSPACE, INPUT_PATH), { recursive: true });
