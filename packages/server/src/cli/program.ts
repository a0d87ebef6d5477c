import { Command, InvalidArgumentError, Option } from 'commander';
import { aiProxySettings, settingsFrom } from '../config/legacy/ai-proxy.ts';
import { parsePort } from '../config/environment.ts';
import { unknownName } from '../config/problems.ts';
import type { Flags } from '../config/resolve.ts';
import { version } from '../version.ts';
import { addCompletion } from './completion.ts';
import { configCommand } from './config-command.ts';
import { agents } from '../agents.ts';
import { init } from './init.ts';
import { schema } from './schema.ts';
import { storageCommands } from './storage/command.ts';
import type { DoctorFlags } from './doctor.ts';
import type { ImportFlags } from './import.ts';
import type { RunFlags } from './run.ts';

/** The command line: what each command is called and takes. What they do is in the files beside this one. */
export function createProgram(): Command {
  const program = new Command('proxy')
    .description('One endpoint for every LLM API: OpenAI, Anthropic and Gemini dialects, any to any.')
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .showSuggestionAfterError()
    .addHelpText('after', examples);

  withSettings(
    withFlags(program.command('serve', { isDefault: true }).description('start the server (the default command)')),
  )
    .option('-p, --port <number>', 'port to listen on (default: PORT, or 3000)', portOf)
    .option('--host <address>', 'address to listen on (default: 127.0.0.1 without access keys, else 0.0.0.0)')
    .allowExcessArguments()
    .action(async (flags: Flags, { args }: Command) => {
      const [stray] = args;
      if (stray !== undefined) program.error(`error: ${unknownName(stray, 'a command', commandNames(program))}`);
      // Commands that only look at a file need not wait for the gateway to be read.
      const { serve } = await import('./serve.ts');
      return serve(flags, settingsFrom({ ...flags }));
    });

  program
    .command('init')
    .description('write a commented proxy.config.yaml')
    .argument('[file]', 'where to write it', 'proxy.config.yaml')
    .option('-f, --force', 'replace a file that is there')
    .action((file: string, { force }: { force?: boolean }) => init(file, force === true));

  withFlags(program.command('check').description('check the configuration and print what comes of it, secrets masked'))
    .option('--json', 'print JSON instead of YAML')
    .action(async (flags: Flags & { json?: boolean }) => {
      const { check } = await import('./check.ts');
      return check(flags, flags.json === true);
    });

  withFlags(
    program.command('doctor').description('probe this machine, every upstream and every key; each fault with its mend'),
  )
    .option('--upstream <name>', 'this one alone')
    .option('--no-calls', 'ask no model: nothing is spent')
    .option('--timeout <seconds>', 'how long one probe may take', secondsOf, 20)
    .option('--json', 'print JSON')
    .action(async (flags: DoctorFlags) => {
      const { doctor } = await import('./doctor.ts');
      return doctor(flags);
    });

  withFlags(program.command('run').description('start a coding agent on this server; its own files stay as they are'))
    .argument('<agent>', Object.keys(agents).join(', '))
    .argument('[args...]', 'for the agent, behind --')
    .option('-m, --model <name>', 'the model to ask for (default: the first that is configured, or the agent’s own)')
    .option('-k, --key <key>', 'the access key to show (default: the first of the configuration)')
    .option('-p, --port <number>', 'where a server may run already (default: PORT, or 3000)', portOf)
    .option('--host <address>', 'the address it listens on')
    .action(async (agent: string, args: string[], flags: RunFlags) => {
      const { run } = await import('./run.ts');
      return run(agent, args, flags);
    });

  program
    .command('import')
    .description('turn a predecessor’s, LiteLLM’s or one-api’s file into a configuration')
    .argument('<file>', 'config.json, .env, provider files, a SQLite database, exported channels, config.yaml')
    .option('-w, --write [file]', 'write it (default: proxy.config.yaml) instead of printing it with keys masked')
    .option('-f, --force', 'replace a file that is there')
    .option('--json', 'print JSON')
    .action(async (file: string, flags: ImportFlags) => {
      const { importFile } = await import('./import.ts');
      importFile(file, flags);
    });

  program.command('schema').description('print the JSON Schema of the configuration file, for editors').action(schema);
  program.addCommand(configCommand());
  for (const command of storageCommands()) program.addCommand(command);
  addCompletion(program);

  return program;
}

function withFlags(command: Command): Command {
  return command.option(
    '-c, --config <file>',
    'configuration file, YAML or JSON (default: ./proxy.config.yaml, if there)',
  );
}

/** ai-proxy's, which its users go on writing; docs/predecessors.md names them. */
function withSettings(command: Command): Command {
  for (const name of aiProxySettings) command.addOption(new Option(`--${name} <value>`).hideHelp());
  return command;
}

function commandNames(program: Command): readonly string[] {
  return program.commands.map((command) => command.name());
}

function portOf(text: string): number {
  const port = parsePort(text);
  if (port === undefined) throw new InvalidArgumentError('Write a whole number from 0 to 65535.');
  return port;
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0)) throw new InvalidArgumentError('Write a number of seconds.');
  return seconds;
}

const examples = `
Examples:
  proxy                                  serve ./proxy.config.yaml, or what the environment has keys for, or the demo
  OPENAI_API_KEY=sk-... proxy            Claude Code, Gemini CLI and the rest on OpenAI's models
  proxy init && proxy check              begin a configuration file
  proxy doctor                           what is wrong, and how to mend it
  proxy config add main openai https://api.openai.com
  proxy users add ada --budget 20usd/month && proxy keys add --user ada
  proxy --config team.yaml --port 8080
  proxy run claude --model gpt-6.1-sol -- -p "What is this repository?"
`;
