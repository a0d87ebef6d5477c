import { isArray, isObject, list, object, text, type Json, type JsonObject } from '../json.ts';

/** A tool's schema as `input_schema` takes it: an object at the root, with no combinator beside it (J4, J6). */
export function inputSchema(parameters: JsonObject | undefined): { schema: ObjectSchema; changed: boolean } {
  if (!parameters || Object.keys(parameters).length === 0)
    return { schema: { type: 'object', properties: {} }, changed: false };
  const root = resolveRoot(parameters);
  const combinator = combinators.find((name) => isArray(root[name]));
  if (combinator === undefined) return { schema: { ...root, type: 'object' }, changed: root !== parameters };
  return { schema: mergeBranches(root, combinator), changed: true };
}

type ObjectSchema = { type: 'object'; [key: string]: Json };

const combinators = ['allOf', 'anyOf', 'oneOf'] as const;

/** The definition a root `$ref` points at, with the definitions still beside it. */
function resolveRoot(schema: JsonObject): JsonObject {
  const { $ref: ref, ...rest } = schema;
  const target = typeof ref === 'string' ? definition(schema, ref) : undefined;
  return target ? { ...target, ...rest } : schema;
}

function definition(root: JsonObject, ref: string): JsonObject | undefined {
  const match = /^#\/(\$defs|definitions)\/([^/]+)$/.exec(ref);
  return match
    ? object(object(root[match[1] ?? ''])?.[(match[2] ?? '').replaceAll('~1', '/').replaceAll('~0', '~')])
    : undefined;
}

/**
 * The API refuses a combinator at the root. All properties of the branches are offered; required stays what every
 * (allOf: any) branch requires; the rule itself is told in words.
 */
function mergeBranches(root: JsonObject, combinator: (typeof combinators)[number]): ObjectSchema {
  const { [combinator]: branches, ...rest } = root;
  const schemas = list(branches).flatMap((branch) => (isObject(branch) ? [resolveIn(root, branch)] : []));
  const required = schemas.map((schema) => list(schema.required).filter((name) => typeof name === 'string'));
  const shared =
    combinator === 'allOf'
      ? required.flat()
      : (required[0] ?? []).filter((name) => required.every((names) => names.includes(name)));
  const all = [...new Set([...list(root.required), ...shared])];
  const properties: JsonObject = Object.assign(
    {},
    ...schemas.map((schema) => object(schema.properties)),
    object(root.properties),
  );
  const rule = `${combinator}: ${JSON.stringify(branches)}`;
  const merged: ObjectSchema = {
    ...rest,
    type: 'object',
    properties,
    ...(all.length > 0 && { required: all }),
    description: [text(root.description), rule].filter((piece) => piece !== undefined).join('\n\n'),
  };
  // Further combinators beside the first are merged the same way.
  const next = combinators.find((name) => isArray(merged[name]));
  return next ? mergeBranches(merged, next) : merged;
}

function resolveIn(root: JsonObject, schema: JsonObject): JsonObject {
  return (typeof schema.$ref === 'string' && definition(root, schema.$ref)) || schema;
}

/**
 * A schema within the subset that structured output takes (O2), rules as in the SDK's transformJSONSchema: objects are
 * closed, and what the subset lacks is told in the description. The very same object when it complies already.
 */
export function outputSchema(schema: JsonObject): JsonObject {
  const fitted = fitSchema(schema);
  return JSON.stringify(fitted) === JSON.stringify(schema) ? schema : fitted;
}

/** Whether the schema may be enforced as it stands (J7). */
export function complies(schema: JsonObject): boolean {
  return outputSchema(schema) === schema && !isRecursive(schema);
}

/** Keywords that may stay wherever they stand. */
const kept = new Set([
  ...['type', 'enum', 'const', 'title', 'description', 'default', 'required', '$ref', '$schema', '$id', '$comment'],
  ...['properties', 'items', 'anyOf', 'allOf', 'oneOf', '$defs', 'definitions', 'additionalProperties'],
]);

const formats = new Set('date-time time date duration email hostname uri ipv4 ipv6 uuid'.split(' '));

function fitSchema(schema: JsonObject): JsonObject {
  const out: Record<string, Json> = {};
  const told: string[] = [];
  for (const key in schema) {
    const value = schema[key];
    if (value === undefined) continue;
    if (key === 'oneOf' && isArray(value)) out.anyOf = value.map(fitAny);
    else if ((key === 'anyOf' || key === 'allOf') && isArray(value)) out[key] = value.map(fitAny);
    else if ((key === 'properties' || key === '$defs' || key === 'definitions') && isObject(value))
      out[key] = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fitAny(inner)]));
    else if (key === 'items' && isObject(value)) out.items = fitSchema(value);
    else if (key === 'additionalProperties') {
      if (value !== false && value !== true) told.push(`${key}: ${JSON.stringify(value)}`);
    } else if (kept.has(key) || staysHere(key, value)) out[key] = value;
    else told.push(`${key}: ${JSON.stringify(value)}`);
  }
  if (isObjectSchema(schema)) {
    out.properties ??= {};
    out.additionalProperties = false;
  }
  if (told.length > 0) {
    const words = `{${told.join(', ')}}`;
    out.description = typeof out.description === 'string' ? `${out.description}\n\n${words}` : words;
  }
  return reordered(out, schema);
}

function staysHere(key: string, value: Json): boolean {
  if (key === 'minItems') return value === 0 || value === 1;
  return key === 'format' && typeof value === 'string' && formats.has(value);
}

function isObjectSchema(schema: JsonObject): boolean {
  return (
    schema.type === 'object' || (isArray(schema.type) && schema.type.includes('object')) || isObject(schema.properties)
  );
}

/** Members in the order the caller wrote them, so that a schema that complies comes out as the same text. */
function reordered(out: JsonObject, like: JsonObject): JsonObject {
  const keys = [...Object.keys(like).filter((key) => key in out), ...Object.keys(out).filter((key) => !(key in like))];
  return Object.fromEntries(keys.map((key) => [key, out[key] ?? null]));
}

function fitAny(value: Json): Json {
  return isObject(value) ? fitSchema(value) : value;
}

/** O2: a schema that refers to itself cannot be enforced. */
export function isRecursive(schema: JsonObject): boolean {
  const visit = (value: Json, path: readonly string[]): boolean => {
    if (isArray(value)) return value.some((item) => visit(item, path));
    if (!isObject(value)) return false;
    if (typeof value.$ref === 'string') {
      if (value.$ref === '#' || path.includes(value.$ref)) return true;
      const target = definition(schema, value.$ref);
      if (target && visit(target, [...path, value.$ref])) return true;
    }
    return Object.entries(value).some(([key, inner]) => key !== '$defs' && key !== 'definitions' && visit(inner, path));
  };
  const definitions = [...Object.keys(object(schema.$defs) ?? {}).map((name) => `#/$defs/${name}`)];
  return visit(schema, []) || definitions.some((ref) => visit({ $ref: ref }, []));
}
