import { readFileSync, unwatchFile, watch, watchFile } from 'node:fs';
import { dirname } from 'node:path';

/** Editors and container mounts tell of a change in several steps; this long after the last of them it is looked at. */
const settleMs = 150;
/** Bind-mounted files and network folders tell nothing: they are looked at from time to time. */
const pollMs = 1500;

/**
 * Calls `changed` when the file's content is another and has come to rest. Survives files that are replaced by rename,
 * swapped symbolic links, and files that are written in pieces. Returns what stops it.
 */
export function watchContent(path: string, changed: () => void): () => void {
  let known = contentOf(path);
  let timer: NodeJS.Timeout | undefined;
  let seen: string | undefined;

  /** Waits until two looks in a row show the same new content. */
  function look(): void {
    timer = undefined;
    const content = contentOf(path);
    // An empty or missing file is one that is just being written.
    if (content === undefined || content.trim() === '' || content === known) return;
    if (content !== seen) {
      seen = content;
      return soon();
    }
    known = content;
    seen = undefined;
    changed();
  }
  function soon(): void {
    clearTimeout(timer);
    timer = setTimeout(look, settleMs);
  }

  // The folder, not the file: a watch on a file stays with the old one after a rename.
  const folder = watch(dirname(path), { persistent: false }, soon);
  folder.on('error', () => undefined); // polling goes on
  watchFile(path, { interval: pollMs, persistent: false }, soon);
  return () => {
    clearTimeout(timer);
    folder.close();
    unwatchFile(path, soon);
  };
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
