import * as z from 'zod';
import { addressesSchema, limitsSchema, operationsSchema, patternsSchema } from '../config/access-keys.ts';
import { latestMs } from '../config/schema-parts.ts';
import { asRange } from '../public-address.ts';
import { roles } from '../storage/rules.ts';

/** What several resources have in common. Times are milliseconds since 1970. */
export const time = z.int().min(0).max(latestMs).meta({ description: 'Milliseconds since 1970.' });

export const role = z.enum(roles);

export const id = z.strictObject({ id: z.string() });

/** `2026-01-31T12:00:00Z`, milliseconds, or how long ago: `7d`. */
export const moment = z
  .string()
  .transform((text, context) => {
    const at = momentOf(text, Date.now());
    if (at !== undefined) return at;
    context.addIssue({
      code: 'custom',
      message: 'must be a time, milliseconds since 1970, or how long ago: 90m, 24h, 7d.',
    });
    return z.NEVER;
  })
  .meta({ description: 'A time, milliseconds since 1970, or how long ago: `90m`, `24h`, `7d`.' });

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function momentOf(text: string, now: number): number | undefined {
  const [, many, unit = ''] = /^(\d+)([mhd])$/.exec(text) ?? [];
  if (many !== undefined) return now - Number(many) * (unitMs[unit] ?? 0);
  if (/^\d+$/.test(text)) return Number(text);
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** How many rows a page has. */
export const limit = z.coerce.number().int().min(1).max(1000).default(100);

export const range = z
  .string()
  .refine((text) => asRange(text) !== undefined, 'must be an address or a range like 10.0.0.0/8.')
  .meta({ description: 'An address, or a range like `10.0.0.0/8`.' });

/** What may be written of the rules of an access key. */
export const rulesShape = {
  limits: limitsSchema.exactOptional(),
  models: patternsSchema.exactOptional().meta({ description: 'Names or patterns; absent: every model.' }),
  operations: operationsSchema.exactOptional(),
  addresses: addressesSchema.exactOptional(),
  maxAddresses: z.int().min(1).exactOptional(),
  note: z.string().max(2000).exactOptional(),
};

export const limits = limitsSchema;

export const principalSchema = z
  .object({
    role: z.enum(['anonymous', ...roles]),
    id: z.string(),
    name: z.string().exactOptional(),
    by: z.enum(['admin-key', 'access-key', 'session', 'local', 'nothing']),
  })
  .meta({ id: 'Principal' });

/** Every member may be taken away by `null`; those that are absent stay as they are. */
export function changesOf<Shape extends Readonly<Record<string, z.ZodType>>>(shape: Shape) {
  const changes = Object.entries(shape).map(([name, schema]) => [name, schema.nullable().exactOptional()]);
  return z.strictObject(
    Object.fromEntries(changes) as { [Name in keyof Shape]: z.ZodExactOptional<z.ZodNullable<Shape[Name]>> },
  ); // the same names
}
