import { parseDocument } from 'yaml';
import { ConfigError } from './problems.ts';

/** The file's text as plain data: JSON by its extension, YAML otherwise. @throws ConfigError */
export function parseFile(path: string, text: string): unknown {
  return withoutNothing(path.endsWith('.json') ? parseJson(path, text) : parseYaml(path, text)) ?? {};
}

function parseJson(path: string, text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ConfigError([`It is not JSON: ${withoutSource(error)}.`], path);
  }
}

// V8 quotes the text around the fault, and a key may stand there.
function withoutSource(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/,? ?\.{0,3}"[\s\S]*"(\.{3})? is not valid JSON$/, '').replace(/ in JSON(?= at|$)/, '');
}

function parseYaml(path: string, text: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length === 0) return document.toJS() as unknown;
  // Only the first line of a message: the rest quotes the file.
  const problems = document.errors.map(({ message }) => `It is not YAML: ${message.split('\n')[0] ?? ''}`);
  throw new ConfigError(problems, path);
}

/** `upstreams:` with every line below commented out means that nothing was said. */
function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (typeof value !== 'object' || value === null) return value;
  const said = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(said.map(([key, member]) => [key, withoutNothing(member)]));
}
