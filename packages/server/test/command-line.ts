import { vi } from 'vitest';
import { CommanderError, type Command } from 'commander';
import { createProgram } from '../src/cli/program.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command in that folder, in this process: a process of its own takes a second to start from the sources. */
export async function commandLine(cwd: string, args: readonly string[]): Promise<Ran> {
  const before = { cwd: process.cwd(), exitCode: process.exitCode };
  const said = { out: '', err: '' };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((said.out += String(text)))),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((said.err += String(text)))),
  ];
  process.chdir(cwd);
  process.exitCode = 0;
  let code = 0;
  try {
    const program = createProgram();
    neverExit(program);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    code = error.exitCode;
  } finally {
    code ||= Number(process.exitCode);
    process.exitCode = before.exitCode;
    process.chdir(before.cwd);
    for (const spy of spies) spy.mockRestore();
  }
  return { code, ...said };
}

function neverExit(command: Command): void {
  command.exitOverride();
  for (const inner of command.commands) neverExit(inner);
}
