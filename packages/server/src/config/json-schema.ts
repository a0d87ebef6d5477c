import * as z from 'zod';
import { configFile, type WrittenForms } from './schema.ts';

type JsonSchema = Record<string, unknown>;

/** The configuration file as JSON Schema (draft 2020-12), for editors: what may be written, before references are resolved. */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(configFile, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => allowWrittenForms(jsonSchema as JsonSchema), // plain data, changed in place as zod wants it
  });
  return { title: 'proxy.config', ...schema };
}

const reference = { type: 'string', pattern: String.raw`^(\$\{\w+(:-[^}]*)?\}|\d+(\.\d+)?|true|false)$` };
/** Whatever it becomes is held to the schema when the server reads it. */
const withReference = { type: 'string', pattern: String.raw`\$\{\w+(:-[^}]*)?\}` };

function allowWrittenForms(schema: JsonSchema): void {
  const { orText, orNumber, orReference, alsoTexts, description, ...own } = schema as JsonSchema & WrittenForms; // put there by schema.ts
  const forms: object[] = [];
  if (orText) forms.push({ type: 'string', minLength: 1 });
  if (orNumber) forms.push({ type: 'number' });
  if (orReference) forms.push(reference);
  if (own.enum !== undefined || own.pattern !== undefined || own.allOf !== undefined) forms.push(withReference);
  if (alsoTexts)
    own.properties = {
      ...(own.properties as object), // an object schema has some
      ...Object.fromEntries(alsoTexts.map((name) => [name, { type: ['string', 'number'] }])),
    };
  for (const member of Object.keys(schema)) delete schema[member];
  const said = description === undefined ? {} : { description };
  Object.assign(schema, said, forms.length === 0 ? own : { anyOf: [own, ...forms] });
}
