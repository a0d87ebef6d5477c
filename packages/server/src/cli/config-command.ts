import { Command, InvalidArgumentError } from 'commander';
import { strategies } from '../config/routing.ts';
import {
  addKeys,
  addUpstream,
  clear,
  listKeys,
  removeKey,
  removeUpstream,
  setBalance,
  show,
  updateUpstream,
  useUpstream,
  type ConfigFlags,
  type UpstreamFlags,
} from './config.ts';

/** `proxy config`: what its commands are called and take. */
export function configCommand(): Command {
  const config = new Command('config')
    .description('change upstreams and their keys in the configuration file; a running server follows')
    .addHelpText('after', examples);
  config.action((_flags: unknown, command: Command) => {
    const [stray] = command.args;
    if (stray === undefined) command.outputHelp();
    else command.error(`error: "${stray}" is no command of config. See proxy config --help.`);
  });
  config.helpCommand(true).allowExcessArguments();

  withFlags(config, 'show').description('every upstream, keys masked').action(show);

  withUpstreamFlags(withFlags(config, 'add').description('add an upstream; type and address in either order'))
    .argument('<name>', 'what callers write before the slash: name/model')
    .argument('<type>', 'a provider: openai, anthropic, gemini, …; or openaiold, claude, custom')
    .argument('<url>', 'its address')
    .action((name: string, one: string, other: string, flags: UpstreamFlags) => addUpstream(name, one, other, flags));

  withUpstreamFlags(withFlags(config, 'update').description('change an upstream'))
    .argument('<upstream>', which)
    .option('--name <name>', 'another name')
    .option('--url <url>', 'another address')
    .option('--type <type>', 'another type')
    .action(updateUpstream);

  withFlags(config, 'remove').description('remove an upstream').argument('<upstream>', which).action(removeUpstream);

  withFlags(config, 'use')
    .description('make an upstream the current one: where a model goes that no rule sends elsewhere')
    .argument('<upstream>', which)
    .action(useUpstream);

  withFlags(config, 'key')
    .description('add, list or remove the keys of an upstream')
    .argument('<upstream>', which)
    .argument('<action>', 'add, list or remove')
    .argument('[keys...]', 'the keys, as text or as ${VARIABLE}; to remove one also its index')
    .action((upstream: string, action: string, keys: string[], flags: ConfigFlags, command: Command) => {
      const [first] = keys;
      if (action === 'list') return listKeys(upstream, flags);
      if (action !== 'add' && action !== 'remove')
        return command.error(`error: "${action}" cannot be done with keys: add, list or remove.`);
      if (first === undefined) return command.error(`error: which key? proxy config key ${upstream} ${action} <key>`);
      if (action === 'add') return addKeys(upstream, keys, flags);
      if (keys.length > 1) return command.error('error: one key at a time is removed.');
      return removeKey(upstream, first, flags);
    });

  withFlags(config, 'balance')
    .description('how an upstream’s keys are chosen')
    .argument('<strategy>', strategies.join(', '))
    .action(setBalance);

  withFlags(config, 'clear')
    .description('remove every upstream')
    .option('-y, --yes', 'without asking')
    .action((flags: ConfigFlags & { yes?: boolean }) => clear(flags));

  return config;
}

const which = 'its name in any case, or its index';

function withFlags(parent: Command, name: string): Command {
  return parent
    .command(name)
    .option('-c, --config <file>', 'the file (default: what the server would read from here)')
    .option('--json', 'print JSON');
}

function withUpstreamFlags(command: Command): Command {
  return command
    .option('--description <text>', 'for people')
    .option('--insecureSkipVerify [boolean]', 'accept any certificate from it', yesOrNo);
}

function yesOrNo(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new InvalidArgumentError('Write true or false.');
  return text === 'true';
}

const examples = `
Examples:
  proxy config add main openai https://api.openai.com
  proxy config key main add '\${OPENAI_API_KEY}' sk-another
  proxy config use main
  proxy config balance round-robin
`;
