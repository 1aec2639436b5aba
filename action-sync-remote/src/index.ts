import { runMainOrPost } from '@deploy-actions/kit/action/run';
import { releaseLeaseInPost } from '@deploy-actions/kit/state/lease-step';
import { run } from './main.ts';

void runMainOrPost(run, releaseLeaseInPost);
