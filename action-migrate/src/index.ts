import { runMainOrPost } from '@deploy-actions/kit/action/run';
import { releaseLeaseInPost } from '@deploy-actions/kit/state/lease-step';
import { main } from './main.ts';

void runMainOrPost(main, releaseLeaseInPost);
