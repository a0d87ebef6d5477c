/** The part of JSON Schema that ts-json-schema-generator writes. */
export interface Schema {
  readonly $ref?: string;
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema | readonly Schema[];
}

interface Fault {
  readonly path: string;
  readonly text: string;
}

/**
 * Why `body` does not fit. Validators report every arm of a union; here the arm that was meant is chosen by its `type`
 * and `role`, then by how little is wrong, so that one fault gives one sentence.
 */
export function explain(root: Schema, body: unknown): readonly string[] {
  return faultsOf(root, body, '').map(({ path, text }) => `${path || '/'}: ${text}`);

  function resolve(schema: Schema): Schema {
    if (!schema.$ref) return schema;
    const name = decodeURIComponent(schema.$ref.slice('#/definitions/'.length));
    return resolve(root.definitions?.[name] ?? {});
  }

  function faultsOf(unresolved: Schema, value: unknown, path: string): readonly Fault[] {
    const schema = resolve(unresolved);
    if (schema.anyOf) return faultsOfUnion(schema.anyOf, value, path);
    if ('const' in schema && schema.const !== value)
      return [{ path, text: `is ${show(value)}, not ${show(schema.const)}` }];
    if (schema.enum && !schema.enum.includes(value))
      return [{ path, text: `is ${show(value)}, none of ${schema.enum.map(show).join(', ')}` }];
    const types = typeof schema.type === 'string' ? [schema.type] : schema.type;
    if (types && !types.some((type) => isOfType(value, type)))
      return [{ path, text: `is ${show(value)}, not ${types.join(' or ')}` }];
    if (Array.isArray(value)) {
      const { items } = schema;
      if (!items || Array.isArray(items)) return [];
      return value.flatMap((item, index) => faultsOf(items as Schema, item, `${path}/${index}`)); // not a tuple, see above
    }
    if (typeof value === 'object' && value !== null) return faultsOfObject(schema, value as Members, path);
    return [];
  }

  function faultsOfUnion(arms: readonly Schema[], value: unknown, path: string): readonly Fault[] {
    const all = arms.map((arm) => faultsOf(arm, value, path));
    if (all.some((faults) => faults.length === 0)) return [];
    const meant = all.filter((faults) => !faults.some((fault) => isTag(fault.path, path)));
    const deep = meant.filter((faults) =>
      faults.some((fault) => fault.path !== path || !fault.text.includes(', not ')),
    );
    const candidates = deep.length > 0 ? deep : meant.length > 0 ? meant : all;
    if (meant.length === 0) return [{ path, text: `fits no member of the union: ${show(value)}` }];
    return candidates.reduce((least, faults) => (faults.length < least.length ? faults : least));
  }

  function faultsOfObject(schema: Schema, value: Members, path: string): readonly Fault[] {
    const properties = schema.properties ?? {};
    const faults: Fault[] = (schema.required ?? [])
      .filter((name) => !(name in value))
      .map((name) => ({ path, text: `lacks "${name}"` }));
    for (const [name, member] of Object.entries(value)) {
      const known = properties[name];
      if (known) faults.push(...faultsOf(known, member, `${path}/${name}`));
      else if (schema.additionalProperties === false) faults.push({ path, text: `has the unknown member "${name}"` });
      else if (typeof schema.additionalProperties === 'object')
        faults.push(...faultsOf(schema.additionalProperties, member, `${path}/${name}`));
    }
    return faults;
  }
}

type Members = Readonly<Record<string, unknown>>;

/** Whether a fault lies in what tells the arms of a union apart. */
function isTag(path: string, unionPath: string): boolean {
  return path === `${unionPath}/type` || path === `${unionPath}/role`;
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
