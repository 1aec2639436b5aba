// Copies a folder of the workspace to where another job of the same run finds it by name.
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const {
  INPUT_NAME = '',
  INPUT_PATH = '',
  GITHUB_WORKSPACE = '.',
  GITHUB_RUN_ID = '',
  LAB_ARTIFACTS = '',
} = process.env;
const folder = join(GITHUB_WORKSPACE, INPUT_PATH);
if (readdirSync(folder).length === 0) throw new Error(`${folder} is empty`);
cpSync(folder, join(LAB_ARTIFACTS, GITHUB_RUN_ID, INPUT_NAME), { recursive: true });
