import * as z from 'zod';
import { masked } from '../../config/masked.ts';
import { base, operation, type Operation } from '../operation.ts';
import { Refusal } from '../refusal.ts';

/** The configuration that the server runs under. */
export const configOperations: readonly Operation[] = [
  operation({
    id: 'config.read',
    method: 'GET',
    path: `${base}/config`,
    summary: 'The effective configuration, every secret masked.',
    answer: z.looseObject({ file: z.string().exactOptional(), notes: z.array(z.string()) }).meta({ id: 'Config' }),
    handle: (_, { place }) => ({ body: masked(place.config()) }),
  }),
  operation({
    id: 'config.validate',
    method: 'POST',
    path: `${base}/config/validate`,
    summary: 'Look whether a text could be the configuration file; nothing is changed.',
    body: z.strictObject({ text: z.string() }),
    answer: z.object({ valid: z.boolean(), problems: z.array(z.string()) }),
    unaudited: true,
    handle({ body }, { place }) {
      const problems = place.validate(body.text);
      return { body: { valid: problems.length === 0, problems } };
    },
  }),
  operation({
    id: 'config.reload',
    method: 'POST',
    path: `${base}/config/reload`,
    summary: 'Take over the file as it is now. One that cannot be used changes nothing, and is answered 400.',
    answer: z.object({ file: z.string().exactOptional(), notes: z.array(z.string()) }),
    handle(_, { place }) {
      const before = masked(place.config());
      const problems = place.reload();
      if (problems.length > 0)
        throw new Refusal('invalid', `The configuration cannot be used, so the old one stays. ${problems.join(' ')}`, {
          problems,
        });
      const after = masked(place.config());
      const { file, notes } = after;
      return { body: { ...(file !== undefined && { file }), notes }, change: { object: 'config', before, after } };
    },
  }),
];
