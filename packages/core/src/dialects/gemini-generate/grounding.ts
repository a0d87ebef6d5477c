import type { Citation, Part, TextPart } from '../../conversation/message.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { readList, readNumber, readObject, readText } from './members.ts';
import type { GroundingChunk, GroundingMetadata, GroundingSupport } from './wire.ts';

/** A text part of a reply as far as it is known, by its number in the candidate. */
interface GroundedText {
  readonly part: number;
  readonly text: string;
}

interface PlacedCitation {
  readonly part: number;
  readonly citation: Citation;
}

/** The citations that grounding supports stand for (W2). Those whose text cannot be found are left out. */
export function decodeCitations(metadata: JsonObject, texts: readonly GroundedText[]): readonly PlacedCitation[] {
  const chunks = readList(metadata, 'groundingChunks').map(webOf);
  const placed: PlacedCitation[] = [];
  for (const support of readList(metadata, 'groundingSupports')) {
    const segment = isObject(support) ? readObject(support, 'segment') : undefined;
    const span = segment && locate(segment, texts);
    if (!span || !isObject(support)) continue;
    for (const index of readList(support, 'groundingChunkIndices')) {
      const chunk = typeof index === 'number' ? chunks[index] : undefined;
      if (!chunk) continue;
      const { part, start, end } = span;
      placed.push({ part, citation: { type: 'url', ...chunk, start, end } });
    }
  }
  return placed;
}

/** The search that grounding tells of, as the pair of parts that other vendors have; none when nothing was searched. */
export function decodeSearch(metadata: JsonObject, id: string): readonly Part[] {
  const queries = searchQueries(metadata);
  if (queries.length === 0) return [];
  const results = readList(metadata, 'groundingChunks').flatMap((chunk) => webOf(chunk) ?? []);
  return [
    { type: 'server-tool-call', id, name: 'web_search', query: queries.join('; ') },
    { type: 'server-tool-result', callId: id, name: 'web_search', results },
  ];
}

export function searchQueries(metadata: JsonObject): readonly string[] {
  return readList(metadata, 'webSearchQueries').filter((query) => typeof query === 'string');
}

function webOf(chunk: unknown): { readonly url: string; readonly title?: string } | undefined {
  const web = isObject(chunk) ? (readObject(chunk, 'web') ?? readObject(chunk, 'retrievedContext')) : undefined;
  const url = web && readText(web, 'uri');
  const title = web && readText(web, 'title');
  return url ? { url, ...(title !== undefined && { title }) } : undefined;
}

interface Span {
  readonly part: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Offsets are UTF-8 bytes within the part named by partIndex, says the SDK; in streams the parts come in pieces and the
 * index is not told. So the text of the segment decides between the readings, where it is given.
 */
function locate(segment: JsonObject, texts: readonly GroundedText[]): Span | undefined {
  const from = readNumber(segment, 'startIndex') ?? 0;
  const to = readNumber(segment, 'endIndex');
  const said = readText(segment, 'text');
  const named = readNumber(segment, 'partIndex') ?? 0;
  const ordered = [...texts.filter((text) => text.part === named), ...texts.filter((text) => text.part !== named)];
  for (const { part, text } of to === undefined ? [] : ordered) {
    const span = { part, start: utf16Offset(text, from), end: utf16Offset(text, to ?? 0) };
    if (span.end > span.start && (said === undefined || text.slice(span.start, span.end) === said)) return span;
  }
  if (!said) return undefined;
  for (const { part, text } of ordered) {
    const start = text.indexOf(said);
    if (start >= 0) return { part, start, end: start + said.length };
  }
  return undefined;
}

/** The index in UTF-16 units of the character at a byte of the UTF-8 form. */
function utf16Offset(text: string, bytes: number): number {
  let at = 0;
  for (let seen = 0; seen < bytes && at < text.length;) {
    const code = text.codePointAt(at) ?? 0;
    seen += utf8Length(code);
    at += code > 0xffff ? 2 : 1;
  }
  return at;
}

function utf8Offset(text: string, units: number): number {
  let bytes = 0;
  for (let at = 0; at < units && at < text.length;) {
    const code = text.codePointAt(at) ?? 0;
    bytes += utf8Length(code);
    at += code > 0xffff ? 2 : 1;
  }
  return bytes;
}

function utf8Length(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

/** Citations and searches of a reply of another dialect as grounding; undefined when it has neither. */
export function encodeGrounding(parts: readonly Part[]): GroundingMetadata | undefined {
  const chunks: GroundingChunk[] = [];
  const indices = new Map<string, number>();
  const queries: string[] = [];
  const supports: GroundingSupport[] = [];

  function chunkOf(url: string, title: string | undefined): number {
    let index = indices.get(url);
    if (index === undefined) {
      index = chunks.push({ web: { uri: url, ...(title !== undefined && { title }) } }) - 1;
      indices.set(url, index);
    }
    return index;
  }

  for (const part of parts) {
    if (part.type === 'server-tool-call') queries.push(part.query);
    if (part.type === 'server-tool-result') for (const { url, title } of part.results) chunkOf(url, title);
  }
  // Searches are not parts of this wire, so they do not count.
  const written = parts.filter((part) => part.type !== 'server-tool-call' && part.type !== 'server-tool-result');
  written.forEach((part, index) => {
    if (part.type === 'text') supports.push(...encodeSupports(part, index, chunkOf));
  });
  if (queries.length === 0 && chunks.length === 0) return undefined;
  return {
    ...(queries.length > 0 && { webSearchQueries: queries }),
    groundingChunks: chunks,
    ...(supports.length > 0 && { groundingSupports: supports }),
  };
}

/** One support for all sources of the same span. */
function encodeSupports(
  { text, citations = [] }: TextPart,
  partIndex: number,
  chunkOf: (url: string, title: string | undefined) => number,
): readonly GroundingSupport[] {
  const spans = new Map<string, { start: number; end: number; sources: number[] }>();
  for (const citation of citations) {
    if (citation.type !== 'url') continue;
    const source = chunkOf(citation.url, citation.title);
    const { start = 0, end = text.length } = citation;
    const span = spans.get(`${start}-${end}`);
    if (!span) spans.set(`${start}-${end}`, { start, end, sources: [source] });
    else if (!span.sources.includes(source)) span.sources.push(source);
  }
  return [...spans.values()].map(({ start, end, sources }) => ({
    segment: {
      ...(partIndex > 0 && { partIndex }),
      ...(start > 0 && { startIndex: utf8Offset(text, start) }),
      endIndex: utf8Offset(text, end),
      text: text.slice(start, end),
    },
    groundingChunkIndices: sources,
  }));
}
