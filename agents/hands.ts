/** What a model writes to make each agent act: the agents' own tools, as they offered them. */
import type { Call } from '../e2e/vendors/vendor.ts';

export type AgentName = 'claude' | 'codex' | 'gemini';

/** Whole paths of the files; `id` is the call's. */
export interface Hands {
  readonly args: (prompt: string) => readonly string[];
  readonly env: Readonly<Record<string, string>>;
  read(id: string, file: string): Call;
  replace(id: string, file: string, from: string, to: string): Call;
  run(id: string, command: string): Call;
}

export const hands: Readonly<Record<AgentName, Hands>> = {
  claude: {
    args: (prompt) => ['-p', prompt, '--allowedTools', 'Read,Edit,Bash'],
    env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1' },
    read: (id, file) => ({ id, name: 'Read', args: { file_path: file } }),
    replace: (id, file, from, to) => ({
      id,
      name: 'Edit',
      args: { file_path: file, old_string: from, new_string: to },
    }),
    run: (id, command) => ({ id, name: 'Bash', args: { command, description: 'Run a command' } }),
  },
  codex: {
    args: (prompt) => [
      ...['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'],
      ...['plugins', 'apps', 'remote_plugin'].flatMap((feature) => ['-c', `features.${feature}=false`]),
      prompt,
    ],
    env: {},
    read: (id, file) => shell(id, `cat ${file}`),
    // For models it does not know Codex offers no tool to edit with; it finds this command in the shell's text.
    replace: (id, file, from, to) =>
      shell(
        id,
        `apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: ${file}\n@@\n-${from}\n+${to}\n*** End Patch\nEOF`,
      ),
    run: (id, command) => shell(id, command),
  },
  gemini: {
    args: (prompt) => ['-p', prompt, '--approval-mode', 'yolo', '--skip-trust'],
    env: {},
    read: (id, file) => ({ id, name: 'read_file', args: { file_path: file } }),
    replace: (id, file, from, to) => ({
      id,
      name: 'replace',
      args: { file_path: file, instruction: `Write "${to}".`, old_string: from, new_string: to },
    }),
    run: (id, command) => ({ id, name: 'run_shell_command', args: { command, description: 'Run a command' } }),
  },
};

function shell(id: string, cmd: string): Call {
  return { id, name: 'exec_command', args: { cmd } };
}
