import { runStep } from '@deploy-actions/kit/action/run';

import { run } from './main.ts';

void runStep(run);
