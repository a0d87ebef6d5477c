import { existsSync, statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { expand, type Environment } from '../expand.ts';
import { fromClaudeProxy, isClaudeProxyConfig } from '../legacy/claude-proxy.ts';
import { findConfigFile, loadConfig, withDotenv } from '../load.ts';
import { parseFile } from '../parse.ts';
import { ConfigError } from '../problems.ts';
import { checkFile } from '../schema.ts';
import { readText, writeText } from '../text-file.ts';
import { editClaudeProxy } from './claude-proxy-editor.ts';
import { EditError, type ConfigEditor } from './editor.ts';
import { editOwn } from './own-editor.ts';

/** Where a configuration is edited: the file that the server would read from here. */
export interface EditedFile {
  readonly path: string;
  /** There was none: it is written with the first change. */
  readonly isNew: boolean;
  readonly editor: ConfigEditor;
  /**
   * Writes it, whole or not at all. Returns what keeps a server from taking it as it is, like a key that is still to come.
   * @throws EditError when the change itself is wrong: then the file stays as it was. @throws WriteError
   */
  save(): readonly string[];
}

interface Place {
  readonly cwd: string;
  readonly env: Environment;
  /** `--config`. */
  readonly config?: string;
}

/** What claude-proxy begins its file with, but for the upstream. */
const newClaudeProxy = { upstream: [], currentUpstream: 0, loadBalance: 'failover' };

/** @throws ConfigError when the file cannot be read. */
export function openConfig({ cwd, env: realEnv, config }: Place): EditedFile {
  const env = withDotenv(cwd, realEnv);
  const flags = config === undefined ? {} : { config };
  const path = findConfigFile(cwd, env, flags)?.path ?? resolve(cwd, 'proxy.config.yaml');
  const isNew = !existsSync(path);
  const source = isNew ? '' : readText(path);
  const raw = isNew && basename(path) === 'config.json' ? newClaudeProxy : parseFile(path, source);
  const legacy = isClaudeProxyConfig(raw);
  const editor = legacy
    ? editClaudeProxy(structuredClone(raw) as Record<string, unknown>)
    : editOwn(source, extname(path) === '.json'); // an object, by its members
  const before = faults(raw, legacy, env);

  return {
    path,
    isNew,
    editor,
    save() {
      const text = editor.text();
      const wrong = faults(parseDocument(text).toJS(), legacy, env).filter((fault) => !before.includes(fault));
      if (wrong.length > 0) throw new EditError(wrong.join('\n'));
      // It may hold keys: a new one is its owner's alone.
      writeText(path, text, isNew ? 0o600 : statSync(path).mode);
      return problemsOf(() => loadConfig({ cwd, env: realEnv, flags: { config: path } }));
    },
  };
}

/** What is wrong with the words themselves, whatever else is still to come. */
function faults(raw: unknown, legacy: boolean, env: Environment): readonly string[] {
  if (legacy) return fromClaudeProxy(raw, env).problems;
  // A variable that is not set here may be where the server runs.
  const checked = checkFile(
    expand(raw, new Proxy(env, { get: (known, name) => known[String(name)] ?? 'unset' })).value,
  );
  return checked.ok ? [] : checked.problems;
}

function problemsOf(load: () => unknown): readonly string[] {
  try {
    load();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
