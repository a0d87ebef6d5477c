import { Ajv, type ValidateFunction } from 'ajv';
import { readFileSync } from 'node:fs';
import { explain, type Schema } from './explain.ts';
import { schemaFile, type WireSchemaName } from './generate.ts';

interface Compiled {
  readonly schema: Schema;
  readonly validate: ValidateFunction;
}

const compiled = new Map<WireSchemaName, Compiled>();

/** What is wrong with a request body by the vendor's own types, in short sentences; nothing when it is right. */
export function schemaFaults(name: WireSchemaName, body: unknown): readonly string[] {
  const { schema, validate } = compiledSchema(name);
  if (validate(body)) return [];
  const faults = explain(schema, body);
  // Ajv is the judge; the explanation only words its verdict, and must not be able to overrule it.
  return faults.length > 0 ? faults : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

function compiledSchema(name: WireSchemaName): Compiled {
  let found = compiled.get(name);
  if (!found) {
    const schema = JSON.parse(readFileSync(schemaFile(name), 'utf8')) as Schema; // generate.ts wrote it
    const validate = new Ajv({ strict: false, validateSchema: false }).compile(schema as object);
    compiled.set(name, (found = { schema, validate }));
  }
  return found;
}
