import * as z from 'zod';
import { set, type Environment } from './expand.ts';
import { flag, words } from './schema-parts.ts';

/** The pages that may call from a browser: all of them, these origins, or none. */
export type CorsConfig = 'any' | readonly string[];

export const corsSchema = z.union([flag(), words(), z.array(words())], {
  error: 'must be true, false, an origin or a list of origins.',
});

/** The file's word, else ENABLE_CORS and CORS_ORIGIN (a list with commas); any page, where nobody said (row B14). */
export function corsOf(file: z.output<typeof corsSchema> | undefined, env: Environment): CorsConfig {
  const asked =
    file ?? (set(env, 'ENABLE_CORS')?.toLowerCase() === 'false' ? false : (set(env, 'CORS_ORIGIN') ?? true));
  if (typeof asked === 'boolean') return asked ? 'any' : [];
  const origins = (typeof asked === 'string' ? asked.split(',') : asked).map((origin) =>
    origin.trim().replace(/\/$/, ''),
  );
  return origins.includes('*') ? 'any' : origins.filter((origin) => origin !== '');
}
