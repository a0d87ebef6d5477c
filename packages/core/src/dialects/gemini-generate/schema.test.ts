import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isArray, isObject, type Json, type JsonObject } from '../../json.ts';
import { toJsonSchema } from './json-schema.ts';
import { isEmptyObjectSchema, toOpenApiSchema } from './schema.ts';

/** The keywords of `Schema` in @google/genai 3.1.0. */
const allowed = new Set([
  ...[
    'anyOf',
    'default',
    'description',
    'enum',
    'example',
    'format',
    'items',
    'maxItems',
    'maxLength',
    'maxProperties',
  ],
  ...['maximum', 'minItems', 'minLength', 'minProperties', 'minimum', 'nullable', 'pattern', 'properties'],
  ...['propertyOrdering', 'required', 'title', 'type'],
]);

const of = (schema: JsonObject) => ({ type: 'object', properties: { a: schema } }) as const;
const cleanOne = (schema: JsonObject) => {
  const { properties } = toOpenApiSchema(of(schema));
  return isObject(properties) ? properties['a'] : undefined;
};

describe('JSON Schema for `parameters`', () => {
  test('J1 what the subset does not know is left out', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $id: 'x',
      type: 'object',
      properties: { a: { type: 'string', contentEncoding: 'base64', minLength: 1 } },
      additionalProperties: false,
      unevaluatedProperties: false,
      required: ['a'],
    };
    expect(toOpenApiSchema(schema)).toEqual({
      type: 'OBJECT',
      properties: { a: { type: 'STRING', minLength: 1 } },
      required: ['a'],
    });
  });

  test('J2 references are put in place, from $defs and from definitions', () => {
    const schema = {
      type: 'object',
      properties: {
        a: { $ref: '#/$defs/colour', description: 'Of the wall' },
        b: { $ref: '#/definitions/size~1weight' },
        c: { $ref: '#/properties/a' },
      },
      $defs: { colour: { type: 'string', enum: ['red'] } },
      definitions: { 'size/weight': { type: 'number' } },
    };
    expect(toOpenApiSchema(schema)['properties']).toEqual({
      a: { type: 'STRING', description: 'Of the wall', enum: ['red'] },
      b: { type: 'NUMBER' },
      c: { type: 'STRING', description: 'Of the wall', enum: ['red'] },
    });
  });

  test('J2 a reference to nothing, or to another document, leaves what stands beside it', () => {
    expect(cleanOne({ $ref: '#/$defs/missing', type: 'string' })).toEqual({ type: 'STRING' });
    expect(cleanOne({ $ref: 'https://example.com/schema.json', description: 'x' })).toEqual({ description: 'x' });
  });

  test('J2 a recursive schema is cut where it meets itself (vercel/ai#19141)', () => {
    const schema = {
      type: 'object',
      properties: { tree: { $ref: '#/$defs/node' } },
      $defs: {
        node: {
          type: 'object',
          properties: { value: { type: 'string' }, children: { type: 'array', items: { $ref: '#/$defs/node' } } },
        },
      },
    };
    expect(toOpenApiSchema(schema)['properties']).toEqual({
      tree: {
        type: 'OBJECT',
        properties: {
          value: { type: 'STRING' },
          children: { type: 'ARRAY', items: { type: 'OBJECT', description: 'Recursive: as node above.' } },
        },
      },
    });
    expect(toOpenApiSchema({ type: 'object', properties: { me: { $ref: '#' } } })).toMatchObject({
      properties: { me: { properties: { me: { type: 'OBJECT' } } } },
    });
  });

  test('J2 references that double at every step do not explode', () => {
    const $defs: Record<string, Json> = { d0: { type: 'string' } };
    for (let at = 1; at < 40; at++) {
      const $ref = `#/$defs/d${at - 1}`;
      $defs[`d${at}`] = { type: 'object', properties: { l: { $ref }, r: { $ref } } };
    }
    const cleaned = toOpenApiSchema({ $ref: '#/$defs/d39', $defs });
    expect(JSON.stringify(cleaned).length).toBeLessThan(500_000);
  });

  test('J2 a constant is an enum of one', () => {
    expect(cleanOne({ const: 'yes' })).toEqual({ type: 'STRING', enum: ['yes'] });
    expect(cleanOne({ const: 7 })).toEqual({ type: 'STRING', enum: ['7'] });
  });

  test('J2 an enum that is not of strings becomes one of strings (vercel/ai#18652)', () => {
    expect(cleanOne({ type: 'integer', enum: [1, 2, 3], minimum: 1 })).toEqual({
      type: 'STRING',
      enum: ['1', '2', '3'],
    });
    expect(cleanOne({ type: 'boolean', enum: [true] })).toEqual({ type: 'STRING', enum: ['true'] });
    expect(cleanOne({ enum: ['a', null] })).toEqual({ type: 'STRING', enum: ['a'], nullable: true });
  });

  test('J2 several types: null makes nullable, others make a union', () => {
    expect(cleanOne({ type: ['string', 'null'], description: 'd' })).toEqual({
      type: 'STRING',
      description: 'd',
      nullable: true,
    });
    expect(cleanOne({ type: ['string', 'number', 'null'] })).toEqual({
      anyOf: [
        { type: 'STRING', nullable: true },
        { type: 'NUMBER', nullable: true },
      ],
    });
    expect(cleanOne({ type: ['null'] })).toEqual({ type: 'NULL' });
  });

  test('J2 a union with null is nullable; with one other arm it is that arm', () => {
    expect(cleanOne({ anyOf: [{ type: 'string' }, { type: 'null' }], description: 'outer', default: null })).toEqual({
      type: 'STRING',
      description: 'outer',
      nullable: true,
    });
    expect(cleanOne({ anyOf: [{ type: 'null' }] })).toEqual({ type: 'NULL' });
  });

  test('J2 oneOf is anyOf, and nothing stands beside it', () => {
    const schema = {
      description: 'Either',
      title: 'T',
      oneOf: [{ type: 'string' }, { type: 'object', properties: { x: { type: 'integer' } }, description: 'own' }],
    };
    expect(cleanOne(schema)).toEqual({
      anyOf: [
        { type: 'STRING', description: 'Either' },
        { type: 'OBJECT', properties: { x: { type: 'INTEGER' } }, description: 'own' },
      ],
    });
  });

  test('J2 a union within a union is one union', () => {
    expect(cleanOne({ anyOf: [{ anyOf: [{ type: 'string' }, { type: 'number' }] }, { type: 'boolean' }] })).toEqual({
      anyOf: [{ type: 'STRING' }, { type: 'NUMBER' }, { type: 'BOOLEAN' }],
    });
  });

  test('J2 allOf is merged, references in it as well', () => {
    const schema = {
      allOf: [
        { $ref: '#/$defs/named' },
        { type: 'object', properties: { age: { type: 'integer' } }, required: ['age'] },
      ],
      description: 'A person',
      $defs: { named: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } },
    };
    expect(toOpenApiSchema(schema)).toEqual({
      type: 'OBJECT',
      description: 'A person',
      properties: { name: { type: 'STRING' }, age: { type: 'INTEGER' } },
      required: ['name', 'age'],
    });
  });

  test('J2 an array without items gets some (cline/cline#7339), a tuple any of its kinds', () => {
    expect(cleanOne({ type: 'array' })).toEqual({ type: 'ARRAY', items: { type: 'STRING' } });
    expect(cleanOne({ type: 'array', items: {} })).toEqual({ type: 'ARRAY', items: { type: 'STRING' } });
    expect(cleanOne({ type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] })).toEqual({
      type: 'ARRAY',
      items: { anyOf: [{ type: 'STRING' }, { type: 'NUMBER' }] },
    });
    expect(cleanOne({ type: 'array', items: [{ type: 'number' }] })).toEqual({
      type: 'ARRAY',
      items: { type: 'NUMBER' },
    });
  });

  test('J2 open bounds are exact for integers and told in words for numbers', () => {
    expect(cleanOne({ type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 10 })).toEqual({
      type: 'INTEGER',
      minimum: 1,
      maximum: 9,
    });
    expect(cleanOne({ type: 'number', exclusiveMinimum: 0, description: 'Metres.' })).toEqual({
      type: 'NUMBER',
      description: 'Metres. Greater than 0.',
    });
    expect(cleanOne({ type: 'integer', minimum: 5, exclusiveMinimum: 0 })).toEqual({ type: 'INTEGER', minimum: 5 });
  });

  test('J2 only formats of the type are kept', () => {
    expect(cleanOne({ type: 'string', format: 'uri' })).toEqual({ type: 'STRING' });
    expect(cleanOne({ type: 'string', format: 'date-time' })).toEqual({ type: 'STRING', format: 'date-time' });
    expect(cleanOne({ type: 'number', format: 'int64' })).toEqual({ type: 'NUMBER' });
    expect(cleanOne({ type: 'integer', format: 'int64' })).toEqual({ type: 'INTEGER', format: 'int64' });
  });

  test('J2 required names that no property has are left out', () => {
    expect(toOpenApiSchema({ type: 'object', properties: { a: {} }, required: ['a', 'b'] })['required']).toEqual(['a']);
    expect(toOpenApiSchema({ type: 'object', properties: { a: {} }, required: ['b'] })).not.toHaveProperty('required');
  });

  test('J2 a missing type is told by what stands there', () => {
    expect(cleanOne({ properties: { x: { items: { type: 'string' } } } })).toEqual({
      type: 'OBJECT',
      properties: { x: { type: 'ARRAY', items: { type: 'STRING' } } },
    });
  });

  test('J3 properties named like keywords stay', () => {
    const names = [
      'type',
      'format',
      'title',
      'properties',
      'const',
      'default',
      'enum',
      '$ref',
      'anyOf',
      'required',
      '__proto__',
    ];
    const properties = Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
    const cleaned = toOpenApiSchema({ type: 'object', properties, required: names });
    expect(Object.keys(cleaned['properties'] as JsonObject).sort()).toEqual([...names].sort()); // an object in, one out
    expect(cleaned['required']).toEqual(names);
    expect(toJsonSchema({ type: 'OBJECT', properties })['properties']).toEqual(properties);
  });

  test('J3 a schema whose property is called `properties` is cleaned below it', () => {
    const schema = {
      properties: { type: 'object', properties: { additionalProperties: { type: 'string', $comment: 'c' } } },
    };
    expect(toOpenApiSchema({ type: 'object', properties: schema })).toEqual({
      type: 'OBJECT',
      properties: { properties: { type: 'OBJECT', properties: { additionalProperties: { type: 'STRING' } } } },
    });
  });

  test('J4 an object without properties has no `properties`', () => {
    expect(cleanOne({ type: 'object', properties: {}, additionalProperties: { type: 'string' } })).toEqual({
      type: 'OBJECT',
    });
    expect(isEmptyObjectSchema({})).toBe(true);
    expect(isEmptyObjectSchema({ type: 'object' })).toBe(true);
    expect(isEmptyObjectSchema({ type: 'object', properties: {}, additionalProperties: false })).toBe(true);
    expect(isEmptyObjectSchema({ type: 'object', additionalProperties: { type: 'string' } })).toBe(false);
    expect(isEmptyObjectSchema({ $ref: '#/$defs/a' })).toBe(false);
  });

  test('any JSON becomes a schema of allowed keywords, and does so twice the same way', () => {
    fc.assert(
      fc.property(schemas(), (schema) => {
        const cleaned = toOpenApiSchema(schema);
        expect(strangers(cleaned)).toEqual([]);
        expect(toOpenApiSchema(cleaned)).toEqual(cleaned);
      }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (schema) => {
        expect(strangers(toOpenApiSchema(schema as JsonObject))).toEqual([]); // jsonValue is Json by another name
      }),
    );
  });
});

describe('schemas from the wire', () => {
  test('J5 types in upper case come down, wherever they stand', () => {
    const schema = {
      type: 'OBJECT',
      properties: {
        type: { type: 'STRING', enum: ['OBJECT', 'ARRAY'], default: 'OBJECT' },
        list: { type: 'Array', items: { anyOf: [{ type: 'NUMBER' }, { type: ['INTEGER', 'NULL'] }] } },
      },
      additionalProperties: { type: 'BOOLEAN' },
      $defs: { type: { type: 'STRING' } },
    };
    expect(toJsonSchema(schema)).toEqual({
      type: 'object',
      properties: {
        type: { type: 'string', enum: ['OBJECT', 'ARRAY'], default: 'OBJECT' },
        list: { type: 'array', items: { anyOf: [{ type: 'number' }, { type: ['integer', 'null'] }] } },
      },
      additionalProperties: { type: 'boolean' },
      $defs: { type: { type: 'string' } },
    });
  });

  test('J5 nullable becomes a type, and back', () => {
    const wire = { type: 'OBJECT', properties: { a: { type: 'STRING', enum: ['x'], nullable: true } } };
    const hub = toJsonSchema(wire);
    expect(hub).toEqual({ type: 'object', properties: { a: { type: ['string', 'null'], enum: ['x', null] } } });
    expect(toOpenApiSchema(hub)).toEqual(wire);
    expect(toJsonSchema({ anyOf: [{ type: 'STRING' }], nullable: true })).toEqual({
      anyOf: [{ type: 'string' }, { type: 'null' }],
    });
    expect(toJsonSchema({ type: 'STRING', nullable: false })).toEqual({ type: 'string' });
  });

  test('counts written as strings are numbers', () => {
    expect(
      toJsonSchema({ type: 'ARRAY', minItems: '1', maxItems: '9', items: { type: 'STRING', maxLength: '5' } }),
    ).toEqual({
      type: 'array',
      minItems: 1,
      maxItems: 9,
      items: { type: 'string', maxLength: 5 },
    });
  });

  test('a schema of any depth is read', () => {
    let schema: JsonObject = { type: 'STRING' };
    for (let depth = 0; depth < 5000; depth++) schema = { type: 'ARRAY', items: schema };
    expect(toJsonSchema(schema)['type']).toBe('array');
    expect(toOpenApiSchema(schema)['type']).toBe('ARRAY');
  });
});

function schemas(): fc.Arbitrary<JsonObject> {
  const { schema } = fc.letrec<{ schema: JsonObject; below: JsonObject }>((tie) => {
    const below = tie('below');
    return {
      below: fc.oneof({ maxDepth: 3, depthSize: 'small' }, fc.constant({ type: 'string' }), tie('schema')),
      schema: fc.record(
        {
          type: fc.constantFrom<Json>(
            'string',
            'integer',
            'object',
            'array',
            'null',
            ['string', 'null'],
            ['number', 'string'],
          ),
          description: fc.string(),
          enum: fc.array(fc.constantFrom<Json>('a', 1, null, true), { minLength: 1, maxLength: 3 }),
          const: fc.constantFrom<Json>('k', 3, null),
          properties: fc.dictionary(fc.constantFrom('a', 'type', 'properties', 'const'), below, { maxKeys: 2 }),
          required: fc.array(fc.constantFrom('a', 'type', 'zzz'), { maxLength: 2 }),
          items: below,
          anyOf: fc.array(below, { minLength: 1, maxLength: 2 }),
          allOf: fc.array(below, { maxLength: 2 }),
          $ref: fc.constantFrom('#', '#/$defs/a', '#/properties/a'),
          exclusiveMinimum: fc.integer(),
          additionalProperties: fc.boolean(),
          minimum: fc.integer(),
          format: fc.constantFrom('uri', 'int32', 'date-time'),
        },
        { requiredKeys: [] },
      ),
    };
  });
  return schema;
}

/** Keywords at schema positions that the subset does not have. */
function strangers(schema: Json | undefined): readonly string[] {
  if (!isObject(schema)) return [];
  const here = Object.keys(schema).filter((name) => !allowed.has(name));
  const { properties, items, anyOf } = schema;
  const below = [
    ...(isObject(properties) ? Object.values(properties) : []),
    ...(items === undefined ? [] : [items]),
    ...(isArray(anyOf) ? anyOf : []),
  ];
  return [...here, ...below.flatMap(strangers)];
}
