// Puts a folder of the test's first in PATH.
import { appendFileSync } from 'node:fs';

const { GITHUB_PATH = '', LAB_PYTHON_TOOLS = '' } = process.env;
if (LAB_PYTHON_TOOLS === '') throw new Error('LAB_PYTHON_TOOLS names no folder');
appendFileSync(GITHUB_PATH, `${LAB_PYTHON_TOOLS}\n`);
