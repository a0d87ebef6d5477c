import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { template } from '../src/cli/init.ts';
import { checkFile } from '../src/config/schema.ts';
import { expand } from '../src/config/expand.ts';
import { commandLine } from './command-line.ts';

const { out } = await commandLine(process.cwd(), ['schema']);
const schema = JSON.parse(out) as object;
const accepts = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

test.each([
  ['what init writes', template],
  [
    'the README’s example',
    /```yaml\n([\s\S]*?)```/.exec(readFileSync(new URL('../../../README.md', import.meta.url), 'utf8'))?.[1] ?? '',
  ],
  ['short forms', 'accessKeys: [a]\nroutes: [{ model: x, targets: [a, { upstream: b, model: c }] }]\n$schema: x.json'],
  [
    'prices',
    'prices: [{ model: [a, b*], input: 0.075, above: [{ tokens: 1, input: 2 }], batch: 0.5, hoursUtc: [[1, 4]] }]',
  ],
  ['a provider’s own options', 'upstreams: [{ name: b, provider: bedrock, region: us-east-1, project: 12 }]'],
  [
    'references',
    "server: { port: '${PORT}', maxBodyMb: '${MB:-5}' }\nstrict: '${STRICT}'\nlog: { level: '${LEVEL}' }\nupstreams: [{ name: a, provider: openai, baseUrl: '${URL}' }]",
  ],
])('%s is taken', (_name, text) => {
  const file: unknown = parse(text) ?? {};
  expect(accepts(file), JSON.stringify(accepts.errors)).toBe(true);
});

test.each([
  'server: { prot: 1 }',
  'server: { port: many }',
  'upstreams: [{ name: a/b, provider: x }]',
  'upstreams: [{ name: a, provider: x, apiKeys: [] }]',
  'upstreams: [{ name: a, provider: x, baseUrl: ftp://x }]',
  'routes: [{ model: x }]',
  'log: { level: loud }',
  'prices: [{ input: 1 }]',
  'prices: [{ model: x, inptu: 1 }]',
  'prices: [{ model: x, from: yesterday }]',
])('what the server refuses, an editor marks: %s', (text) => {
  const file = parse(text) as unknown;
  expect(checkFile(expand(file, {}).value).ok).toBe(false);
  expect(accepts(file)).toBe(false);
});

test.each([
  ['storage', 'in which the server is started'],
  ['records.accessLog.folder', 'in which the server is started'],
  ['records.prompts.folder', 'in which the server is started'],
  ['guards.bans.file', 'in which the server is started'],
  ['doors.pictures.path', 'relative to the configuration file'],
  ['upstreams.apiKeys.file', 'relative to the configuration file'],
  ['upstreams.connection.cert', 'relative to the configuration file'],
])('the path %s says what it is relative to', (path, wanted) => {
  const found = path
    .split('.')
    .reduce<unknown[]>((here, name) => here.flatMap((one) => membersAt(one, name)), [schema]);
  expect(found).toEqual([expect.objectContaining({ description: expect.stringContaining(wanted) as string })]);
});

/** A member of that name, through lists and alternatives. */
function membersAt(node: unknown, name: string): readonly unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  const { properties = {}, items, anyOf } = node as { properties?: object; items?: unknown; anyOf?: unknown[] }; // of JSON Schema
  const own = (properties as Record<string, unknown>)[name];
  return own === undefined ? [items, ...(anyOf ?? [])].flatMap((inner) => membersAt(inner, name)) : [own];
}

test.each(['README.md', 'README.zh-CN.md'])('%s describes every option of the top', (name) => {
  const { properties } = JSON.parse(out) as { properties: object };
  const readme = readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
  const missing = Object.keys(properties).filter(
    (option) => !new RegExp(`^\\| \`${option.replace('$', '\\$')}\\b`, 'm').test(readme),
  );
  expect(missing).toEqual(['$schema']);
});
