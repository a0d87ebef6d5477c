import * as z from 'zod';
import { base, operation, type Operation } from '../operation.ts';

const routeSchema = z
  .looseObject({
    model: z.string(),
    targets: z.array(z.looseObject({ upstream: z.string(), model: z.string().exactOptional() })),
  })
  .meta({ id: 'Route' });

/** Where models go. They are changed in the file. */
export const routeOperations: readonly Operation[] = [
  operation({
    id: 'route.list',
    method: 'GET',
    path: `${base}/routes`,
    summary: 'The configured routes.',
    answer: z.object({ routes: z.array(routeSchema) }),
    handle: (_, { place }) => ({ body: { routes: place.config().routes } }),
  }),
];
