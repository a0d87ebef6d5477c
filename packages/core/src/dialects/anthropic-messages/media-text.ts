import type { MediaPart } from '../../conversation/message.ts';

/**
 * Claude never answers with media, so that clients know no block for it. A generated image is written as Markdown, which
 * every client can show, and read back as the image it is when the client returns it.
 */
export function textOfMedia({ kind, name = kind, source }: MediaPart): string {
  const link = kind === 'image' ? '!' : '';
  if (source.type === 'url') return `${link}[${name}](${source.url})`;
  if (source.type === 'base64') return `${link}[${name}](data:${source.mediaType};base64,${source.data})`;
  return source.type === 'text' ? source.text : `(${kind} ${source.id}, kept by ${source.dialect})`;
}

/** The media that `text` is, if it is nothing else. */
export function mediaOfText(text: string, at: string | undefined): MediaPart | undefined {
  // Most text fails the first comparison; the expression would otherwise look at all of it.
  if (!text.startsWith('![') && !text.startsWith('[')) return undefined;
  const match = /^!?\[([^\]]*)\]\(data:((image|audio|video)\/[\w.+-]+);base64,([A-Za-z0-9+/]+=*)\)$/.exec(text);
  if (!match) return undefined;
  const [, name = '', mediaType = '', kind, data = ''] = match;
  if (kind !== 'image' && kind !== 'audio' && kind !== 'video') return undefined;
  return {
    type: 'media',
    kind,
    source: { type: 'base64', mediaType, data },
    ...(name !== kind && { name }),
    ...(at !== undefined && { at }),
  };
}
