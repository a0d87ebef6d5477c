import type { Config } from '../config/config.ts';
import { CallQueue } from './queue.ts';

/** The server's queue under one configuration after another; undefined where nobody waits. */
export function createQueue(): (config: Config) => CallQueue | undefined {
  let queue: CallQueue | undefined;
  return ({ queue: config }) => {
    if (!config) return undefined;
    if (queue) queue.configure(config);
    else queue = new CallQueue(config);
    return queue;
  };
}
