import { runStep } from '@deploy-actions/kit/action/run';
import { main } from './main.ts';
void runStep(main);
