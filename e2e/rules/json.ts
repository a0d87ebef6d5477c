export type Members = Readonly<Record<string, unknown>>;

export function members(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

export function items(value: unknown): readonly Members[] {
  return Array.isArray(value) ? value.map(members) : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

export function isJsonObject(source: unknown): boolean {
  try {
    const value: unknown = JSON.parse(String(source));
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** How often a member of that name occurs in a value, at any depth. */
export function countMembers(value: unknown, name: string): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + countMembers(item, name), 0);
  let count = 0;
  for (const [key, member] of Object.entries(members(value)))
    count += (key === name && member !== null ? 1 : 0) + countMembers(member, name);
  return count;
}

/** The sentences whose condition holds. */
export function faults(...checks: readonly (readonly [boolean, string])[]): readonly string[] {
  return checks.filter(([wrong]) => wrong).map(([, sentence]) => sentence);
}

/** OpenAI's strict mode: every property required, nothing else allowed, at every depth. */
export function strictSchemaFaults(schema: unknown, at: string): readonly string[] {
  const { properties, required, additionalProperties, items: element, anyOf } = members(schema);
  const names = Object.keys(members(properties));
  const asked = Array.isArray(required) ? required : [];
  return [
    ...faults(
      [properties !== undefined && additionalProperties !== false, `${at}: strict without additionalProperties: false`],
      [names.some((name) => !asked.includes(name)), `${at}: strict, but not every property is required`],
    ),
    ...names.flatMap((name) => strictSchemaFaults(members(properties)[name], `${at}.${name}`)),
    ...(element ? strictSchemaFaults(element, `${at}[]`) : []),
    ...items(anyOf).flatMap((arm, index) => strictSchemaFaults(arm, `${at}|${index}`)),
  ];
}
