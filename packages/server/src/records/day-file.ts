import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Appends texts to `<folder>/<YYYY-MM-DD><ending>`, by the day (UTC) of each. The folder is made when it is missing. */
export function dayFiles(folder: string, ending: string) {
  return async (lines: readonly { readonly at: number; readonly text: string }[]): Promise<void> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const byDay = Map.groupBy(lines, ({ at }) => new Date(at).toISOString().slice(0, 10));
    for (const [day, some] of byDay)
      await appendFile(join(folder, day + ending), some.map(({ text }) => `${text}\n`).join(''), { mode: 0o600 });
  };
}
