/** A piece of content, told apart. */
interface Piece {
  readonly type: 'text' | 'reasoning';
  readonly text: string;
}

interface ThinkSplitter {
  push(content: string): readonly Piece[];
  /** What was held back because it might have become a tag. */
  end(): readonly Piece[];
}

const open = '<think>';
const close = '</think>';

/** Tells a leading `<think>…</think>` from the text after it, wherever the pieces are cut (Z9). */
export function thinkSplitter(): ThinkSplitter {
  /** start: nothing but white space so far. gap: between the closing tag and the first letter of the text. */
  let state: 'start' | 'thinking' | 'gap' | 'text' = 'start';
  let held = '';
  /** Nothing has come since the opening tag. */
  let fresh = true;

  function push(content: string): readonly Piece[] {
    if (state === 'text') return [{ type: 'text', text: content }];
    held += content;
    const pieces: Piece[] = [];
    if (state === 'start') {
      const begun = held.trimStart();
      if (begun.startsWith(open)) {
        state = 'thinking';
        held = begun.slice(open.length);
      } else if (!open.startsWith(begun)) {
        return release();
      }
    }
    if (state === 'thinking') {
      // The line break after the tag is layout, whenever it comes.
      if (fresh && held !== '') {
        if (held.startsWith('\n')) held = held.slice(1);
        fresh = false;
      }
      const at = held.indexOf(close);
      const thought = at < 0 ? held.slice(0, held.length - suspect(held)) : held.slice(0, at).replace(/\n$/, '');
      if (thought !== '') pieces.push({ type: 'reasoning', text: thought });
      held = at < 0 ? held.slice(thought.length) : held.slice(at + close.length);
      if (at >= 0) state = 'gap';
    }
    if (state === 'gap') {
      held = held.trimStart();
      if (held !== '') pieces.push(...release());
    }
    return pieces;
  }

  function release(): readonly Piece[] {
    const text = held;
    held = '';
    state = 'text';
    return text === '' ? [] : [{ type: 'text', text }];
  }

  function end(): readonly Piece[] {
    if (held === '' || state === 'gap') return [];
    const type = state === 'thinking' ? 'reasoning' : 'text';
    const text = held;
    held = '';
    return [{ type, text }];
  }

  return { push, end };
}

/** How many characters at the end may be the beginning of the closing tag or the line break before it. */
function suspect(held: string): number {
  for (let length = Math.min(held.length, close.length + 1); length > 0; length--)
    if (`\n${close}`.startsWith(held.slice(-length)) || close.startsWith(held.slice(-length))) return length;
  return 0;
}
