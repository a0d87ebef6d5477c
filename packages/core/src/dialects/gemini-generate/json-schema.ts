import { isArray, isObject, type Json, type JsonObject } from '../../json.ts';

/**
 * A schema from the wire as JSON Schema: types in lower case, which other vendors insist on (J5: Gemini CLI writes
 * "OBJECT" even where JSON Schema is due), `nullable` as a type, and 64-bit bounds as the numbers they are.
 */
export function toJsonSchema(schema: JsonObject): JsonObject {
  return convert(schema, 0);
}

/** No schema that a model can use is deeper; what lies below is left as it is. */
const maxDepth = 100;

function convert(schema: JsonObject, depth: number): JsonObject {
  if (depth > maxDepth) return schema;
  const out = Object.fromEntries(
    Object.entries(schema)
      .filter(([name, value]) => value !== null || literal.has(name))
      .map(([name, value]) => [name, keyword(name, value, depth)]),
  );
  const { nullable, ...rest } = out;
  if (rest['type'] === 'type_unspecified') delete rest['type'];
  if (typeof nullable !== 'boolean') return out;
  return nullable ? allowNull(rest) : rest;
}

/** Keywords whose value is data. */
const literal = new Set(['default', 'const', 'enum', 'example', 'examples', 'required', 'propertyOrdering']);
/** Keywords under which names, not keywords, come first (J3). */
const named = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);
const single = new Set([
  'items',
  'additionalProperties',
  'not',
  'if',
  'then',
  'else',
  'contains',
  'propertyNames',
  'additionalItems',
  'unevaluatedProperties',
  'unevaluatedItems',
]);
const several = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems', 'items']);
/** Written as strings by protobuf JSON (@google/genai's `Schema`). */
const counts = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties']);

function keyword(name: string, value: Json, depth: number): Json {
  if (literal.has(name)) return value;
  if (name === 'type') return lowerCase(value);
  if (counts.has(name) && typeof value === 'string' && /^\d+$/.test(value)) return Number(value);
  if (named.has(name) && isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, subschema(inner, depth)]));
  if (several.has(name) && isArray(value)) return value.map((inner) => subschema(inner, depth));
  return single.has(name) ? subschema(value, depth) : value;
}

function subschema(value: Json, depth: number): Json {
  return isObject(value) ? convert(value, depth + 1) : value;
}

function lowerCase(type: Json): Json {
  if (typeof type === 'string') return type.toLowerCase();
  return isArray(type) ? type.map(lowerCase) : type;
}

function allowNull(schema: Record<string, Json>): JsonObject {
  const { type } = schema;
  const words = isArray(schema['enum']) ? schema['enum'] : undefined;
  const withNull = words && !words.includes(null) ? { enum: [...words, null] } : {};
  if (isArray(type)) return type.includes('null') ? schema : { ...schema, ...withNull, type: [...type, 'null'] };
  if (typeof type === 'string') return type === 'null' ? schema : { ...schema, ...withNull, type: [type, 'null'] };
  if (isArray(schema['anyOf'])) return { ...schema, anyOf: [...schema['anyOf'], { type: 'null' }] };
  return schema;
}
