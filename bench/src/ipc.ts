import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** One question at a time over Node's own channel between parent and child: no port, no parsing, nothing to measure. */
type Answer = { readonly value: unknown } | { readonly error: string };

/** In a child: answers the parent's questions, and leaves when the parent does. */
export function answer(handlers: Readonly<Record<string, (argument: never) => unknown>>): void {
  process.on('message', (question: { ask: string; argument: never }) => {
    const handler = handlers[question.ask];
    const reply = (value: Answer) => process.send?.(value);
    if (!handler) return reply({ error: `There is no "${question.ask}" to ask for.` });
    Promise.resolve()
      .then(() => handler(question.argument))
      .then((value) => reply({ value }))
      .catch((error: unknown) =>
        reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      );
  });
  process.on('disconnect', () => process.exit(0));
}

export interface Helper {
  ask<T>(question: string, argument?: unknown): Promise<T>;
  stop(): void;
}

/** In the parent: a child process running `file`, which must call `answer`. */
export function startHelper(file: string): Helper {
  const child: ChildProcess = fork(fileURLToPath(new URL(file, import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [],
  });
  return {
    ask<T>(question: string, argument?: unknown) {
      return new Promise<T>((resolve, reject) => {
        const left = () => reject(new Error(`${file} is gone.`));
        child.once('exit', left);
        child.once('message', (reply: Answer) => {
          child.off('exit', left);
          if ('error' in reply) reject(new Error(reply.error));
          else resolve(reply.value as T); // the two files agree on the type
        });
        child.send({ ask: question, argument });
      });
    },
    stop: () => void child.kill(),
  };
}
