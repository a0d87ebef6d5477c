import { Command, InvalidArgumentError, Option } from 'commander';
import type { CredentialFlags } from './credentials.ts';
import type { KeyFlags } from './keys.ts';
import type { LogFlags } from './logs.ts';
import type { UsageFlags } from './usage.ts';
import type { UserFlags } from './users.ts';
import type { StorageFlags } from './with-storage.ts';
import { usageGroups, type UsageGroup } from '../../storage/usage-groups.ts';
import { addresses, future, models, nameOf, operations, past, role, wholeNumber, withLimitFlags } from './values.ts';

/** The commands that work on the storage, beside a running server or without one. The storage is read only when one is run. */
export function storageCommands(): readonly Command[] {
  return [usersCommand(), keysCommand(), credentialsCommand(), usageCommand(), logsCommand(), explainCommand()];
}

function usersCommand(): Command {
  const users = new Command('users').description('who has access keys: added, listed, changed, removed');
  const load = () => import('./users.ts');
  const described = (command: Command) =>
    withLimitFlags(command)
      .option('--role <role>', 'normal, special, temporary or admin', role)
      .option('--note <text>', 'for people');
  described(withFlags(users, 'add'))
    .description('add a user')
    .argument('<name>', '', nameOf)
    .action(async (name: string, flags: UserFlags) => (await load()).addUser(name, flags));
  withFlags(users, 'list')
    .description('list the users and what they have used')
    .action(async (flags: UserFlags) => (await load()).listUsers(flags));
  withFlags(users, 'show')
    .description('show one user')
    .argument('<user>', whichUser)
    .action(async (which: string, flags: UserFlags) => (await load()).showUser(which, flags));
  described(withFlags(users, 'update'))
    .description('change a user')
    .argument('<user>', whichUser)
    .option('--name <name>', 'another name', nameOf)
    .option('--disable <reason>', 'refuse every key of the user')
    .option('--enable', 'take them again')
    .action(async (which: string, flags: UserFlags) => (await load()).updateUser(which, flags));
  withFlags(users, 'remove')
    .description('remove a user and every key of the user')
    .argument('<user>', whichUser)
    .action(async (which: string, flags: UserFlags) => (await load()).removeUser(which, flags));
  return users;
}

function keysCommand(): Command {
  const keys = new Command('keys').description('access keys: what callers show this server');
  const load = () => import('./keys.ts');
  const described = (command: Command) =>
    withLimitFlags(command)
      .option('--user <user>', whichUser)
      .option('--name <name>', 'what it is for', nameOf)
      .option('--role <role>', 'normal, special, temporary or admin', role)
      .option('--models <patterns>', 'the only models that it may ask for: gpt-*,claude-*', models)
      .option('--operations <names>', 'the only operations: generate,embed', operations)
      .option('--addresses <cidrs>', 'where it may be used from: 10.0.0.0/8', addresses)
      .option('--max-addresses <number>', 'how many addresses may use it', wholeNumber)
      .option('--expires <when>', 'a span such as 30d, or a date', future);
  described(withFlags(keys, 'add'))
    .description('make an access key and print it, once')
    .action(async (flags: KeyFlags) => (await load()).addAccessKey(flags));
  withFlags(keys, 'export')
    .description(
      'print the access keys with what they may and have used, as oai-reverse-proxy does; none can be read from it',
    )
    .action(async (flags: StorageFlags) => (await import('./exchange.ts')).exportAccessKeys(flags));
  withFlags(keys, 'import')
    .description('take over users that oai-reverse-proxy exported, or change keys by an export of one’s own')
    .argument('<file>', 'JSON: {"users": […]}')
    .action(async (file: string, flags: StorageFlags) => (await import('./exchange.ts')).importAccessKeys(file, flags));
  withFlags(keys, 'list')
    .description('list the access keys, masked')
    .option('--user <user>', whichUser)
    .action(async (flags: KeyFlags) => (await load()).listAccessKeys(flags));
  withFlags(keys, 'show')
    .description('show one access key, masked')
    .argument('<key>', whichKey)
    .action(async (which: string, flags: KeyFlags) => (await load()).showAccessKey(which, flags));
  described(withFlags(keys, 'update'))
    .description('change an access key')
    .argument('<key>', whichKey)
    .action(async (which: string, flags: KeyFlags) => (await load()).updateAccessKey(which, flags));
  withFlags(keys, 'revoke')
    .description('refuse an access key from now on')
    .argument('<key>', whichKey)
    .option('--reason <text>', 'told to whoever uses it')
    .action(async (which: string, flags: KeyFlags) => (await load()).revokeAccessKey(which, flags));
  return keys;
}

function credentialsCommand(): Command {
  const credentials = new Command('credentials').description(
    'upstream API keys, stored encrypted beside those of the file',
  );
  const load = () => import('./credentials.ts');
  withFlags(credentials, 'add')
    .description('store a key of an upstream')
    .argument('<upstream>', 'its name in the configuration')
    .argument('[key]', 'the key; absent: read from stdin')
    .option('--weight <number>', 'for the strategy weighted', wholeNumber)
    .action(async (upstream: string, key: string | undefined, flags: CredentialFlags) =>
      (await load()).addCredential(upstream, key, flags),
    );
  withFlags(credentials, 'list')
    .description('list the stored keys, masked')
    .action(async (flags: CredentialFlags) => (await load()).listCredentials(flags));
  withFlags(credentials, 'remove')
    .description('forget a stored key')
    .argument('<id>', 'see proxy credentials list')
    .action(async (id: string, flags: CredentialFlags) => (await load()).removeCredential(id, flags));
  withFlags(credentials, 'reencrypt')
    .description('seal everything with the current encryption key')
    .action(async (flags: CredentialFlags) => (await load()).reencryptCredentials(flags));
  return credentials;
}

function usageCommand(): Command {
  return withOptions(new Command('usage').description('what was used, by whom and of what'))
    .option('--by <group>', usageGroups.join(', '), group, 'model' as UsageGroup)
    .addOption(
      new Option('--since <when>', 'a span such as 24h or 7d, or a date').argParser(past).default(past('7d'), '7d'),
    )
    .action(async (flags: UsageFlags) => (await import('./usage.ts')).usage(flags));
}

function logsCommand(): Command {
  const logs = withOptions(new Command('logs').description('the calls on record, the latest last'))
    .option('-n, --limit <number>', 'how many', wholeNumber, 20)
    .option('-f, --follow', 'go on with what comes')
    .option('--failed', 'only those that did not end well')
    .action(async (flags: LogFlags) => (await import('./logs.ts')).logs(flags));
  withFlags(logs, 'replay')
    .description('put records that the database has refused on record, as far as it takes them now')
    .argument('[file]', 'refused.jsonl (default: the one in the journal’s folder)')
    // Flags that "logs" has as well are taken by it, wherever they stand.
    .action(async (file: string | undefined, _flags: StorageFlags, command: Command) =>
      (await import('./replay.ts')).replayCalls(file, command.optsWithGlobals<StorageFlags>()),
    );
  return logs;
}

function explainCommand(): Command {
  return withOptions(
    new Command('explain').description('why a call went as it did: candidates, attempts, limits, cost'),
  )
    .argument('<request-id>', 'the x-proxy-request-id of its answer')
    .action(async (id: string, flags: StorageFlags) => (await import('./explain.ts')).explainCall(id, flags));
}

const whichUser = 'a name or an id';
const whichKey = 'an id, or a name that only one has';

function withFlags(parent: Command, name: string): Command {
  return withOptions(parent.command(name));
}

function withOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'configuration file (default: what the server would read from here)')
    .option('--json', 'print JSON');
}

function group(text: string): UsageGroup {
  const known = usageGroups.find((one) => one === text);
  if (!known) throw new InvalidArgumentError(`Write one of ${usageGroups.join(', ')}.`);
  return known;
}
