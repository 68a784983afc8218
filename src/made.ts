/** Content ids of what this build has made or found fresh, by target; looked up in the store when one is asked for. Decides nothing. */
import type { ContentId, TargetName, Task } from './core/types.ts';
import type { Store } from './store/store.ts';

export interface Made {
  has(target: TargetName): boolean;
  get(target: TargetName): ContentId | undefined;
  /** The outputs of the task are as the store has them. */
  keep(task: Task): void;
  /** A target counts as it lies there. */
  lies(target: TargetName, id: ContentId): void;
}

export function madeIds(store: Store): Made {
  // Ten thousand fresh tasks are kept without a look at their records; few ids are ever asked for.
  const ids = new Map<TargetName, ContentId | Task>();
  const known = (found: ContentId | Task, target: TargetName): ContentId | undefined =>
    typeof found === 'string'
      ? found
      : store.contents(found.id)?.outputs.find(([name]) => name === target)?.[2];
  return {
    has: (target) => ids.has(target),
    get(target) {
      const found = ids.get(target);
      return found === undefined ? undefined : known(found, target);
    },
    keep(task) {
      for (const { target } of task.outputs) ids.set(target, task);
    },
    lies: (target, id) => void ids.set(target, id),
  };
}
