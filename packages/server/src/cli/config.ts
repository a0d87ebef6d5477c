import { stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import Table from 'cli-table3';
import { EditError, indexOf, type StoredKey, type UpstreamChanges, type UpstreamView } from '../config/edit/editor.ts';
import { openConfig, type EditedFile } from '../config/edit/open.ts';
import { ConfigError, unknownName } from '../config/problems.ts';
import { WriteError } from '../config/text-file.ts';
import { mask } from '../mask.ts';

/** `proxy config …`: upstreams and their keys in the configuration file, ours or a claude-proxy config.json. A running server follows. */
export interface ConfigFlags {
  readonly config?: string;
  readonly json?: boolean;
}

export interface UpstreamFlags extends ConfigFlags {
  readonly name?: string;
  readonly url?: string;
  readonly type?: string;
  readonly description?: string;
  readonly insecureSkipVerify?: boolean;
}

/** Type and URL in either order: predecessors' readers have learnt both. */
export function addUpstream(name: string, one: string, other: string, flags: UpstreamFlags): void {
  edit(flags, ({ editor }) => {
    const [baseUrl, type] = one.includes('://') ? [one, other] : [other, one];
    if (!baseUrl.includes('://')) throw new EditError(`One of "${one}" and "${other}" must be the address: https://…`);
    if (editor.upstreams.some((known) => known.name.toLowerCase() === name.toLowerCase()))
      throw new EditError(`There is an upstream "${name}" already. Change it: proxy config update ${name} --url …`);
    knownType(type, editor.types);
    editor.add({ name, type, baseUrl, ...shared(flags) });
    return [`Added "${name}" (${type}, ${baseUrl}). Next: proxy config key ${name} add <key>`];
  });
}

export function updateUpstream(which: string, flags: UpstreamFlags): void {
  edit(flags, ({ editor }) => {
    const index = indexOf(editor.upstreams, which);
    const { name, url, type } = flags;
    if (type !== undefined) knownType(type, editor.types);
    const taken = editor.upstreams.findIndex((known) => known.name.toLowerCase() === name?.toLowerCase());
    if (taken >= 0 && taken !== index) throw new EditError(`There is an upstream "${String(name)}" already.`);
    const changes: UpstreamChanges = {
      ...(name !== undefined && { name }),
      ...(url !== undefined && { baseUrl: url }),
      ...(type !== undefined && { type }),
      ...shared(flags),
    };
    const changed = Object.keys(changes);
    if (changed.length === 0)
      throw new EditError('Nothing to change: say --name, --url, --type, --description or --insecureSkipVerify.');
    editor.update(index, changes);
    return [`Changed ${changed.join(', ')} of "${editor.upstreams[index]?.name ?? which}".`];
  });
}

export function removeUpstream(which: string, flags: ConfigFlags): void {
  edit(flags, ({ editor }) => {
    const index = indexOf(editor.upstreams, which);
    const { name } = editor.upstreams[index] ?? { name: which };
    return [`Removed "${name}".`, ...editor.remove(index)];
  });
}

export function useUpstream(which: string, flags: ConfigFlags): void {
  edit(flags, ({ editor }) => {
    const index = indexOf(editor.upstreams, which);
    editor.use(index);
    return [`"${editor.upstreams[index]?.name ?? which}" is the current upstream.`];
  });
}

export function addKeys(which: string, given: readonly string[], flags: ConfigFlags): void {
  edit(flags, ({ editor }) => {
    const index = indexOf(editor.upstreams, which);
    const { keys, name } = editor.upstreams[index] as UpstreamView; // indexOf gives one that there is
    const kept = [...keys];
    const said: string[] = [];
    for (const key of given) {
      if (kept.some(({ text }) => text === key)) said.push(`${shown(key)} is there already.`);
      else kept.push({ written: key, text: key });
    }
    editor.setKeys(index, kept);
    const added = kept.length - keys.length;
    return [`Added ${added} key${added === 1 ? '' : 's'} to "${name}".`, ...said];
  });
}

export function removeKey(which: string, given: string, flags: ConfigFlags): void {
  edit(flags, ({ editor }) => {
    const index = indexOf(editor.upstreams, which);
    const { keys, name } = editor.upstreams[index] as UpstreamView; // indexOf gives one that there is
    const named = keys.findIndex(({ text }) => text === given);
    const place = named >= 0 ? named : /^\d+$/.test(given) ? Number(given) : -1;
    const key = keys[place];
    if (!key)
      throw new EditError(`"${name}" has no key ${shown(given)}. Name it, or its index: proxy config key ${name} list`);
    editor.setKeys(
      index,
      keys.filter((other) => other !== key),
    );
    return [`Removed ${shown(key.text)} from "${name}".`];
  });
}

export function listKeys(which: string, flags: ConfigFlags): void {
  look(flags, ({ editor }) => {
    const { keys, name } = editor.upstreams[indexOf(editor.upstreams, which)] as UpstreamView; // indexOf gives one that there is
    if (flags.json) return json(keys.map(({ text }) => shown(text)));
    if (keys.length === 0) return `"${name}" has no key. Add one: proxy config key ${name} add <key>`;
    return keys.map(({ text }, index) => `${index}  ${shown(text)}`).join('\n');
  });
}

export function setBalance(strategy: string, flags: ConfigFlags): void {
  edit(flags, ({ editor }) => {
    if (!editor.strategies.includes(strategy))
      throw new EditError(unknownName(strategy, 'a strategy', editor.strategies));
    editor.setStrategy(strategy);
    return [`Keys are chosen by ${strategy}.`];
  });
}

/** A missing file is begun, empty, as claude-proxy's readers know it (acceptance row D21); not for programs, which only look. */
export function show(flags: ConfigFlags): void {
  look(flags, ({ editor, path, isNew, save }) => {
    const { upstreams, strategy } = editor;
    if (flags.json) return json({ file: path, strategy, upstreams: upstreams.map(shownUpstream) });
    if (isNew) save();
    const file = isNew ? `${path} (just begun)` : path;
    const head = `${file}\nStrategy  ${strategy ?? 'failover unless an upstream says otherwise'}`;
    if (upstreams.length === 0) return `${head}\nNo upstream. Add one: proxy config add <name> <type> <url>`;
    const table = new Table({
      head: ['', 'name', 'type', 'address', 'keys', ''],
      style: { head: [], border: [] },
      wordWrap: true,
    });
    for (const [index, one] of upstreams.entries()) {
      const more = [one.description, one.insecureSkipVerify === true ? 'certificate not checked' : undefined];
      table.push([
        one.current ? styleText('green', `${index} *`) : String(index),
        one.name,
        one.type,
        one.baseUrl ?? 'the vendor’s',
        one.keys.map(({ text }) => shown(text)).join('\n') || 'none',
        more.filter(Boolean).join('\n'),
      ]);
    }
    return `${head}\n${table.toString()}\n* current: where a model goes that no rule sends elsewhere`;
  });
}

/** Asks first, unless told not to. */
export async function clear(flags: ConfigFlags & { readonly yes?: boolean }): Promise<void> {
  if (flags.yes !== true) {
    if (!stdin.isTTY) return fail('This removes every upstream and key. Say --yes to do it.');
    const ask = createInterface({ input: stdin, output: stdout });
    const answer = await ask.question('Remove every upstream, its keys, and the routes? [y/N] ');
    ask.close();
    if (!/^y(es)?$/i.test(answer.trim())) return fail('Nothing was changed.');
  }
  edit(flags, ({ editor }) => {
    editor.clear();
    return ['Removed every upstream.'];
  });
}

function shared({ description, insecureSkipVerify }: UpstreamFlags) {
  return {
    ...(description !== undefined && { description }),
    ...(insecureSkipVerify !== undefined && { insecureSkipVerify }),
  };
}

function knownType(type: string, known: readonly string[]): void {
  if (!known.includes(type)) throw new EditError(unknownName(type, 'a type of upstream', known));
}

/** A reference to the environment or a file is no secret. */
function shown(key: string): string {
  return /^\$\{\w+\}$|^file /.test(key) ? key : mask(key);
}

function shownUpstream({ keys, ...rest }: UpstreamView) {
  return { ...rest, keys: keys.map(({ text }: StoredKey) => shown(text)) };
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function edit(flags: ConfigFlags, change: (file: EditedFile) => readonly string[]): void {
  look(flags, (file) => {
    const said = change(file);
    const problems = file.save();
    if (flags.json) return json({ file: file.path, done: said, problems });
    const still = problems.map((problem) => `A server does not take it yet: ${problem}`);
    return [...said, ...still, `Wrote ${file.path}.`].join('\n');
  });
}

function look({ config }: ConfigFlags, act: (file: EditedFile) => string): void {
  try {
    const file = openConfig({ cwd: process.cwd(), env: process.env, ...(config !== undefined && { config }) });
    stdout.write(`${act(file)}\n`);
  } catch (error) {
    if (error instanceof EditError || error instanceof ConfigError || error instanceof WriteError) fail(error.message);
    else throw error;
  }
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
