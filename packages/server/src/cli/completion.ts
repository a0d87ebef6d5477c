import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { agents } from '../agents.ts';
import { openConfig } from '../config/edit/open.ts';
import { serviceTypes } from '../config/legacy/claude-proxy.ts';
import { builtIn } from '../config/providers.ts';
import { strategies } from '../config/routing.ts';

/** `proxy completion bash|zsh|fish|powershell`: a script for the shell, which asks this program on every Tab. */
export function addCompletion(program: Command): void {
  const shell = tab(program, { completionCommandName: 'completion' });
  for (const [command, name, suggest] of suggestions)
    shell.commands.get(command)?.argument(name, (complete) => {
      for (const one of suggest()) complete(one, '');
    });
}

/** A command, its argument, and what may stand there. */
const suggestions: readonly (readonly [string, string, () => readonly string[]])[] = [
  ['run', 'agent', () => Object.keys(agents)],
  ['config use', 'upstream', upstreamNames],
  ['config remove', 'upstream', upstreamNames],
  ['config update', 'upstream', upstreamNames],
  ['config key', 'upstream', upstreamNames],
  ['config key', 'action', () => ['add', 'list', 'remove']],
  ['config add', 'type', () => [...new Set([...builtIn, ...serviceTypes])]],
  ['config balance', 'strategy', () => strategies],
];

function upstreamNames(): readonly string[] {
  try {
    return openConfig({ cwd: process.cwd(), env: process.env }).editor.upstreams.map(({ name }) => name);
  } catch {
    // Tab is no place to tell of a broken file.
    return [];
  }
}
