// Puts a folder of the test's first in PATH.
import { appendFileSync } from 'node:fs';

const { GITHUB_PATH = '', LAB_NODE_TOOLS = '' } = process.env;
if (LAB_NODE_TOOLS === '') throw new Error('LAB_NODE_TOOLS names no folder');
appendFileSync(GITHUB_PATH, `${LAB_NODE_TOOLS}\n`);
