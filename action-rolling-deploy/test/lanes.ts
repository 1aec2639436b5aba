import { makeProject, type Project } from './project.ts';

/** A few projects that cells of a matrix take turns in, side by side. */
export interface Lanes {
  /** Runs the body in a free project, waiting for one. */
  run<T>(body: (project: Project) => Promise<T>): Promise<T>;
  remove(): Promise<void>;
}

/** `count` projects, made when they are first needed. */
export function openLanes(name: string, count: number, make: typeof makeProject = makeProject): Lanes {
  const all: Project[] = [];
  const free: Project[] = [];
  const waiting: (() => void)[] = [];
  let started = 0;
  const take = async (): Promise<Project> => {
    for (;;) {
      const project = free.pop();
      if (project !== undefined) return project;
      if (started < count) {
        started += 1;
        const made = await make(`${name}-${started}`);
        all.push(made);
        return made;
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return {
    run: async (body) => {
      const project = await take();
      try {
        return await body(project);
      } finally {
        free.push(project);
        waiting.shift()?.();
      }
    },
    remove: async () => {
      for (const project of all) await project.remove();
    },
  };
}
