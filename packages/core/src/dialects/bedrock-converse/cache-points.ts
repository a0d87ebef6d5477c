import type { Report } from '../../conversation/notice.ts';
import { isArray, isObject, object, type Json, type JsonObject } from '../../json.ts';

/** Four cache points are taken over tools, system and messages together (P1). */
const maxPoints = 4;

/** The body with as many cache points as are taken: the first, which covers tools or system, and the last ones. */
export function limitPoints(body: JsonObject, report: Report): JsonObject {
  const total = countPoints(object(body.toolConfig)?.tools) + countPoints(body.system) + countPoints(body.messages);
  if (total <= maxPoints) return body;
  report({
    type: 'dropped',
    field: 'cache',
    detail: `${total} cache points were asked for and ${maxPoints} are taken; the first and the last were kept.`,
  });
  let seen = 0;
  const keep = (): boolean => {
    seen += 1;
    return seen === 1 || seen > total - maxPoints + 1;
  };
  // In the order in which a prompt is read: tools, system, messages.
  const config = object(body.toolConfig);
  const toolConfig = config && { ...config, tools: thin(config.tools ?? null, keep) };
  const system = body.system === undefined ? undefined : thin(body.system, keep);
  const messages = thin(body.messages ?? null, keep);
  return { ...body, messages, ...(toolConfig && { toolConfig }), ...(system !== undefined && { system }) };
}

function countPoints(value: Json | undefined): number {
  if (isArray(value)) return value.reduce<number>((sum, item) => sum + countPoints(item), 0);
  if (!isObject(value)) return 0;
  return (isObject(value.cachePoint) ? 1 : 0) + countPoints(value.content);
}

function thin(value: Json, keep: () => boolean): Json {
  if (isArray(value))
    return value
      .filter((item) => !isObject(item) || !isObject(item.cachePoint) || keep())
      .map((item) => thin(item, keep));
  if (!isObject(value) || value.content === undefined) return value;
  return { ...value, content: thin(value.content, keep) };
}
