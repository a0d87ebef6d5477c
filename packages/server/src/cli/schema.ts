import { configJsonSchema } from '../config/json-schema.ts';

/** `proxy schema`: for an editor that completes and checks the configuration file. */
export function schema(): void {
  process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
}
