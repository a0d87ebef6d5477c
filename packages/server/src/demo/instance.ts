import type { Things } from './things.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Deeper than any hand-written schema; recursive ones end here. */
const maxDepth = 12;

/**
 * The smallest value that a JSON Schema asks for: required members, first enum values, lowest numbers; where it leaves
 * room, the prompt's own names and numbers. `turn` says which of several names to use.
 */
export function instanceOf(schema: unknown, things: Things, turn = 0): unknown {
  return valueOf(schema, { root: asSchema(schema), things, turn }, '', 0);
}

interface Context {
  readonly root: Schema;
  readonly things: Things;
  readonly turn: number;
}

function valueOf(given: unknown, context: Context, name: string, depth: number): unknown {
  const schema = simplified(asSchema(given), context.root, depth);
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return chosen(schema.enum, context.things);
  if ('default' in schema) return schema.default;
  switch (typeOf(schema)) {
    case 'object':
      return objectOf(schema, context, depth);
    case 'array':
      return arrayOf(schema, context, name, depth);
    case 'integer':
      return numberOf(schema, context, 1);
    case 'number':
      return numberOf(schema, context, 0);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return textOf(schema, context, name);
  }
}

/** References resolved, allOf merged, the first alternative taken. */
function simplified(schema: Schema, root: Schema, depth: number): Schema {
  if (depth > maxDepth) return { type: 'null' };
  if (typeof schema.$ref === 'string') {
    const { $ref, ...beside } = schema;
    return simplified({ ...resolved($ref, root), ...beside }, root, depth + 1);
  }
  if (Array.isArray(schema.allOf)) {
    const { allOf, ...beside } = schema;
    const merged = allOf.reduce((sum: Schema, part) => merge(sum, simplified(asSchema(part), root, depth + 1)), beside);
    return simplified(merged, root, depth + 1);
  }
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (!Array.isArray(alternatives) || alternatives.length === 0) return schema;
  const { anyOf: _any, oneOf: _one, ...beside } = schema;
  // At the bottom of a recursive schema the alternative that ends it is the one that is not an object.
  const pick = depth > 4 ? alternatives.find((part) => typeOf(asSchema(part)) === 'null') : undefined;
  return simplified(merge(beside, asSchema(pick ?? alternatives[0])), root, depth + 1);
}

function resolved(reference: string, root: Schema): Schema {
  let node: unknown = root;
  for (const step of reference
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== ''))
    node = asSchema(node)[decodeURIComponent(step).replace(/~1/g, '/').replace(/~0/g, '~')];
  return asSchema(node);
}

function merge(a: Schema, b: Schema): Schema {
  return {
    ...a,
    ...b,
    ...(a.properties !== undefined && b.properties !== undefined
      ? { properties: { ...asSchema(a.properties), ...asSchema(b.properties) } }
      : {}),
    ...(Array.isArray(a.required) && Array.isArray(b.required) ? { required: [...a.required, ...b.required] } : {}),
  };
}

function typeOf(schema: Schema): string {
  const { type } = schema;
  const named = Array.isArray(type) ? (type.find((one) => one !== 'null') ?? 'null') : type;
  if (typeof named === 'string') return named.toLowerCase(); // Gemini's schemas shout: "OBJECT"
  if (schema.properties !== undefined || schema.required !== undefined) return 'object';
  return schema.items === undefined ? 'string' : 'array';
}

function chosen(values: readonly unknown[], { words }: Things): unknown {
  return values.find((value) => typeof value === 'string' && words.includes(value.toLowerCase())) ?? values[0] ?? null;
}

function objectOf(schema: Schema, context: Context, depth: number): unknown {
  const properties = asSchema(schema.properties);
  const required = Array.isArray(schema.required) ? schema.required.filter((key) => typeof key === 'string') : [];
  return Object.fromEntries(required.map((key) => [key, valueOf(properties[key] ?? {}, context, key, depth + 1)]));
}

function arrayOf(schema: Schema, context: Context, name: string, depth: number): unknown {
  const least = typeof schema.minItems === 'number' ? schema.minItems : 0;
  const most = typeof schema.maxItems === 'number' ? schema.maxItems : Number.POSITIVE_INFINITY;
  const count = Math.min(Math.max(least, depth > 4 ? 0 : 1), most, 100);
  const prefix = Array.isArray(schema.prefixItems) ? schema.prefixItems : [];
  return Array.from({ length: Math.max(count, prefix.length) }, (_, index) =>
    valueOf(prefix[index] ?? schema.items ?? {}, { ...context, turn: context.turn + index }, singular(name), depth + 1),
  );
}

function numberOf(schema: Schema, { things, turn }: Context, step: 0 | 1): number {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const low =
    typeof minimum === 'number'
      ? minimum
      : typeof exclusiveMinimum === 'number'
        ? exclusiveMinimum + (step || 0.5)
        : undefined;
  const high =
    typeof maximum === 'number'
      ? maximum
      : typeof exclusiveMaximum === 'number'
        ? exclusiveMaximum - (step || 0.5)
        : undefined;
  const fits = (value: number) =>
    (low === undefined || value >= low) &&
    (high === undefined || value <= high) &&
    (step === 0 || Number.isInteger(value)) &&
    (typeof multipleOf !== 'number' || Number.isInteger(value / multipleOf));
  const said = [things.numbers[turn], ...things.numbers].find((value) => value !== undefined && fits(value));
  if (said !== undefined) return said;
  if (typeof multipleOf === 'number') return Math.ceil((low ?? 0) / multipleOf) * multipleOf;
  return [1, 0, low ?? high ?? 1].find(fits) ?? low ?? high ?? 1;
}

const formats: Readonly<Record<string, string>> = {
  date: '2026-01-01',
  'date-time': '2026-01-01T00:00:00Z',
  time: '00:00:00Z',
  duration: 'P1D',
  email: 'demo@example.com',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '00000000-0000-4000-8000-000000000000',
};

/** Values by which a real agent's tools do no harm, whatever the prompt was. */
const harmless: readonly (readonly [RegExp, string])[] = [
  [/^(cmd|command|script|code)$/i, 'echo demo'],
  [/^(file_?)?path$|^file(name)?$/i, 'demo.txt'],
  [/url|uri|link/i, 'https://example.com/'],
];

function textOf(schema: Schema, { things, turn }: Context, name: string): string {
  const { format, minLength, maxLength, pattern } = schema;
  const known = typeof format === 'string' ? formats[format] : undefined;
  const safe = harmless.find(([names]) => names.test(name))?.[1];
  const said = things.names[turn] ?? things.names[0];
  let value = known ?? safe ?? said ?? (name === '' ? 'demo' : name);
  if (typeof pattern === 'string')
    value = matching(pattern, [value, ...things.names, ...Object.values(formats)]) ?? value;
  if (typeof minLength === 'number') value = value.padEnd(minLength, '.');
  return typeof maxLength === 'number' ? value.slice(0, maxLength) : value;
}

/** A value that fits; patterns that none of a few usual values fits are left unfitted: this is a demo. */
function matching(pattern: string, candidates: readonly string[]): string | undefined {
  const usual = [
    ...candidates,
    'demo',
    'a',
    'A',
    'demo-1',
    '1',
    '12',
    '123',
    '1234',
    '12345',
    '2026',
    'AB',
    'ABC',
    'en-US',
  ];
  try {
    const regex = new RegExp(pattern, 'u');
    return usual.find((candidate) => candidate.length <= 100 && regex.test(candidate));
  } catch {
    return undefined;
  }
}

function singular(name: string): string {
  return name.endsWith('s') ? name.slice(0, -1) : name;
}

function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {}; // narrowed to an object just before
}
