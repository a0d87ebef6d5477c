#!/usr/bin/env node
import { createProgram } from './cli/program.ts';

let serving = false;

// Who reads what is printed may leave before its end (`| head`, or a `| tee` that the same Ctrl-C ended), and a disk be full.
// A server goes on without its log; a command has nothing else to give.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (serving) return;
    if (error.code === 'EPIPE') process.exit();
    process.stderr.write(`What was to be printed cannot be written: ${error.message}.\n`);
    process.exit(1);
  });
}

await createProgram()
  .hook('preAction', (_program, command) => {
    serving = command.name() === 'serve';
  })
  .parseAsync(process.argv);
