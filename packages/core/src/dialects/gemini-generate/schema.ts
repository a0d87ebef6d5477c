import { isArray, isObject, type Json, type JsonObject } from '../../json.ts';

/**
 * Schemas of this dialect come in two kinds: full JSON Schema (parametersJsonSchema, responseJsonSchema) and an OpenAPI
 * subset (parameters, responseSchema). The hub holds JSON Schema only.
 */

/** How many schemas one may hold, references put in place; what lies beyond stands for anything. */
const maxSchemas = 10_000;
const maxDepth = 64;

/** JSON Schema in the subset that `parameters` and `responseSchema` take; everything else is folded in or left out (J1, J2). */
export function toOpenApiSchema(schema: JsonObject): JsonObject {
  return clean(schema, { root: schema, references: [], budget: { left: maxSchemas }, depth: 0 });
}

/** What a no-argument tool's schema says: nothing (J4). */
export function isEmptyObjectSchema(schema: JsonObject): boolean {
  const { properties } = schema;
  const typed = schema['type'] === undefined || isTypeName(schema['type'], 'object');
  const holdsMore = ['$ref', 'anyOf', 'oneOf', 'allOf', 'additionalProperties', 'patternProperties'].some(
    (keyword) => schema[keyword] !== undefined && schema[keyword] !== false,
  );
  return typed && !holdsMore && (!isObject(properties) || Object.keys(properties).length === 0);
}

interface Walk {
  readonly root: JsonObject;
  /** The references being followed, so that a cycle is noticed. */
  readonly references: readonly string[];
  readonly budget: { left: number };
  readonly depth: number;
}

function clean(schema: Json | undefined, walk: Walk): JsonObject {
  if (!isObject(schema) || walk.depth > maxDepth || walk.budget.left <= 0) return {};
  walk.budget.left--;
  const deeper = { ...walk, depth: walk.depth + 1 };
  const reference = schema['$ref'];
  if (typeof reference === 'string') return inline(schema, reference, deeper);
  if (isArray(schema['allOf'])) {
    const merged = mergeAll(schema, deeper);
    return clean(merged.schema, merged.walk);
  }
  const arms = schema['anyOf'] ?? schema['oneOf'];
  if (isArray(arms)) return union(schema, arms, deeper);
  const { type } = schema;
  if (isArray(type)) return severalTypes(schema, type, deeper);
  return plain(schema, deeper);
}

function inline(schema: JsonObject, reference: string, walk: Walk): JsonObject {
  const { $ref: _, ...siblings } = schema;
  const target = resolve(walk.root, reference);
  if (!isObject(target)) return clean(siblings, walk);
  if (walk.references.includes(reference)) {
    // A recursive schema has no finite form here; below this point any object may stand.
    return describe(
      { type: 'OBJECT' },
      siblings['description'] ?? target['description'],
      `Recursive: as ${lastOf(reference)} above.`,
    );
  }
  return clean({ ...target, ...siblings }, { ...walk, references: [...walk.references, reference] });
}

function resolve(root: JsonObject, reference: string): Json | undefined {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return undefined;
  let found: Json | undefined = root;
  for (const step of reference.slice(2).split('/')) {
    const key = decodePointer(step);
    found = isArray(found) ? found[Number(key)] : isObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  }
  return found;
}

/** RFC 6901 §4, and the percent-encoding of a URI fragment. */
function decodePointer(step: string): string {
  const unescaped = step.replaceAll('~1', '/').replaceAll('~0', '~');
  try {
    return decodeURIComponent(unescaped);
  } catch {
    return unescaped;
  }
}

function lastOf(reference: string): string {
  return reference === '#' ? 'the root' : decodePointer(reference.slice(reference.lastIndexOf('/') + 1));
}

/** A schema whose references were followed, and the walk that remembers them. */
interface Expanded {
  readonly schema: JsonObject;
  readonly walk: Walk;
}

/** `allOf` folded into one schema: properties and required are united, other keywords of later arms win. */
function mergeAll(schema: JsonObject, walk: Walk): Expanded {
  const { allOf, ...own } = schema;
  let merged: JsonObject = {};
  let { references } = walk;
  for (const arm of isArray(allOf) ? allOf : []) {
    const expanded = expand(arm, { ...walk, references });
    merged = mergeTwo(merged, expanded.schema);
    references = expanded.walk.references;
  }
  return { schema: mergeTwo(merged, own), walk: { ...walk, references } };
}

/** An arm with its reference and its own allOf resolved, still as JSON Schema. */
function expand(arm: Json, walk: Walk): Expanded {
  if (!isObject(arm) || walk.depth > maxDepth || walk.budget.left <= 0) return { schema: {}, walk };
  walk.budget.left--;
  const reference = arm['$ref'];
  const deeper = { ...walk, depth: walk.depth + 1 };
  if (typeof reference === 'string') {
    const { $ref: _, ...siblings } = arm;
    const target = resolve(walk.root, reference);
    if (walk.references.includes(reference) || !isObject(target)) return { schema: siblings, walk };
    return expand({ ...target, ...siblings }, { ...deeper, references: [...walk.references, reference] });
  }
  return isArray(arm['allOf']) ? mergeAll(arm, deeper) : { schema: arm, walk };
}

function mergeTwo(one: JsonObject, other: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...one, ...other };
  if (isObject(one['properties']) && isObject(other['properties']))
    merged['properties'] = { ...one['properties'], ...other['properties'] };
  if (isArray(one['required']) && isArray(other['required']))
    merged['required'] = [...new Set([...one['required'], ...other['required']])];
  return merged;
}

function union(schema: JsonObject, arms: readonly Json[], walk: Walk): JsonObject {
  const { anyOf: _, oneOf: __, ...shared } = schema;
  const real = arms.filter((arm) => !isNullSchema(arm));
  const nullable = real.length < arms.length || shared['nullable'] === true;
  const [only] = real;
  if (real.length === 0) return plain({ ...shared, type: 'null' }, walk);
  if (real.length === 1 && isObject(only)) {
    // The outer words are the property's own, the arm's only those of its type.
    return withNull(clean(mergeTwo(only, shared), walk), nullable);
  }
  // `required` and `properties` beside a union narrow its arms; nothing else may stand beside `anyOf` (Vertex: "When
  // using any_of, it must be the only field set"), so what is shared goes into every arm.
  const { description, title: ___, default: ____, $schema: _____, ...narrowing } = shared;
  const cleaned = real.flatMap((arm) => {
    const expanded = expand(arm, walk);
    const whole = clean(mergeTwo(narrowing, expanded.schema), expanded.walk);
    const described = whole['description'] === undefined ? describe(whole, description) : whole;
    // An arm that was a union itself: its arms are ours.
    return isArray(described['anyOf']) ? described['anyOf'].filter(isObject) : [described];
  });
  const others = cleaned.filter((arm) => arm['type'] !== 'NULL');
  const [first = { type: 'NULL' }] = others;
  const whole = others.length > 1 ? { anyOf: others } : first;
  return withNull(whole, others.length > 0 && (nullable || others.length < cleaned.length));
}

function severalTypes(schema: JsonObject, types: readonly Json[], walk: Walk): JsonObject {
  const real = types.filter((type) => !isTypeName(type, 'null'));
  const nullable = real.length < types.length || schema['nullable'] === true;
  const [only] = real;
  if (only === undefined) return plain({ ...schema, type: 'null' }, walk);
  if (real.length === 1) return withNull(plain({ ...schema, type: only }, walk), nullable);
  return { anyOf: real.map((type) => withNull(plain({ ...schema, type }, walk), nullable)) };
}

const copied = ['title', 'description', 'default', 'example', 'pattern', 'nullable'] as const;
const numeric = [
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
] as const;
/** The formats that Gemini's schema knows, by type. */
const formats: Readonly<Record<string, readonly string[]>> = {
  NUMBER: ['float', 'double'],
  INTEGER: ['int32', 'int64'],
  STRING: ['enum', 'date-time'],
};

/** A schema without combinators and with one type or none. */
function plain(schema: JsonObject, walk: Walk): JsonObject {
  const type = typeOf(schema);
  const out: Record<string, Json> = {};
  if (type !== undefined) out['type'] = type;
  for (const name of copied) {
    const value = schema[name];
    if (value !== undefined && value !== null) out[name] = value;
  }
  for (const name of numeric) if (typeof schema[name] === 'number') out[name] = schema[name];
  const { format } = schema;
  if (typeof format === 'string' && type && formats[type]?.includes(format)) out['format'] = format;
  if (type === 'OBJECT') Object.assign(out, objectMembers(schema, walk));
  if (type === 'ARRAY') out['items'] = itemsOf(schema, walk);
  return foldBounds(withEnum(out, schema), schema);
}

function typeOf(schema: JsonObject): string | undefined {
  const { type } = schema;
  if (typeof type === 'string' && type.toUpperCase() !== 'TYPE_UNSPECIFIED') return type.toUpperCase();
  if (isObject(schema['properties'])) return 'OBJECT';
  if (schema['items'] !== undefined || schema['prefixItems'] !== undefined) return 'ARRAY';
  return schema['enum'] !== undefined || schema['const'] !== undefined ? 'STRING' : undefined;
}

/** J3: what stands under `properties` are names, never keywords. An object without any has no `properties` at all. */
function objectMembers(schema: JsonObject, walk: Walk): JsonObject {
  const { properties } = schema;
  if (!isObject(properties)) return {};
  const names = Object.keys(properties);
  if (names.length === 0) return {};
  const required = isArray(schema['required'])
    ? schema['required'].filter((name) => typeof name === 'string' && Object.hasOwn(properties, name))
    : [];
  const ordering = schema['propertyOrdering'];
  return {
    properties: Object.fromEntries(names.map((name) => [name, clean(properties[name], walk)])),
    ...(required.length > 0 && { required }),
    ...(isArray(ordering) && { propertyOrdering: ordering }),
  };
}

/** An array without `items` is refused ("items: missing field"). A tuple becomes an array of any of its kinds. */
function itemsOf(schema: JsonObject, walk: Walk): JsonObject {
  const { items, prefixItems } = schema;
  const tuple = isArray(prefixItems) ? prefixItems : isArray(items) ? items : undefined;
  if (tuple && tuple.length > 1) return union({}, tuple, walk);
  const one = tuple ? tuple[0] : items;
  return isObject(one) && Object.keys(one).length > 0 ? clean(one, walk) : { type: 'STRING' };
}

/** `const` is an enum of one. Enums are of strings only (J2, vercel/ai#18652), and null among them says nullable. */
function withEnum(out: Record<string, Json>, schema: JsonObject): Record<string, Json> {
  const values = isArray(schema['enum'])
    ? schema['enum']
    : schema['const'] !== undefined
      ? [schema['const']]
      : undefined;
  if (!values || out['type'] === 'OBJECT' || out['type'] === 'ARRAY') return out;
  const words = values.filter((value) => value !== null);
  if (words.length < values.length) out['nullable'] = true;
  if (words.length === 0) return out;
  const { format: _, minimum: __, maximum: ___, ...rest } = out;
  const keepsFormat = out['format'] === 'enum' ? { format: 'enum' } : {};
  const strings = words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word)));
  return { ...rest, ...keepsFormat, type: 'STRING', enum: [...new Set(strings)] };
}

/** Open bounds: exact for integers, in words for other numbers. */
function foldBounds(out: Record<string, Json>, schema: JsonObject): JsonObject {
  const above = schema['exclusiveMinimum'];
  const below = schema['exclusiveMaximum'];
  const words: string[] = [];
  if (typeof above === 'number') {
    if (out['type'] === 'INTEGER')
      out['minimum'] = Math.max(Math.floor(above) + 1, Number(out['minimum'] ?? -Infinity));
    else words.push(`Greater than ${above}.`);
  }
  if (typeof below === 'number') {
    if (out['type'] === 'INTEGER') out['maximum'] = Math.min(Math.ceil(below) - 1, Number(out['maximum'] ?? Infinity));
    else words.push(`Less than ${below}.`);
  }
  return words.length > 0 && out['type'] === 'NUMBER' ? describe(out, out['description'], words.join(' ')) : out;
}

function describe(schema: JsonObject, ...texts: readonly (Json | undefined)[]): JsonObject {
  const description = texts.filter((text) => typeof text === 'string' && text !== '').join(' ');
  return description === '' ? schema : { ...schema, description };
}

function withNull(schema: JsonObject, nullable: boolean): JsonObject {
  if (!nullable) return schema;
  if (!isArray(schema['anyOf'])) return { ...schema, nullable: true };
  return { ...schema, anyOf: schema['anyOf'].map((arm) => (isObject(arm) ? { ...arm, nullable: true } : arm)) };
}

function isNullSchema(schema: Json): boolean {
  if (!isObject(schema)) return false;
  return isTypeName(schema['type'], 'null') || ('const' in schema && schema['const'] === null);
}

function isTypeName(type: Json | undefined, name: string): boolean {
  return typeof type === 'string' && type.toLowerCase() === name;
}
