import { runMainOrPost } from '@deploy-actions/kit/action/run';
import { run } from './main.ts';
import { settle } from './post.ts';

void runMainOrPost(run, settle);
