import { isArray, isObject, object, type Json } from '../../json.ts';
import type { Bounds, RequestBounds } from '../dialect.ts';
import { atLeastOne, unboundedRounds } from '../request-bounds.ts';

/** Google's servers read a member by its name in either spelling. */
export const bounds: Bounds = {
  media: ['"inlineData"', '"inline_data"', '"fileData"', '"file_data"'],
  of(body): RequestBounds {
    const config = object(body.get('generationConfig')) ?? object(body.get('generation_config'));
    const maxOutputTokens = atLeastOne(config?.maxOutputTokens) ?? atLeastOne(config?.max_output_tokens);
    const candidates = atLeastOne(config?.candidateCount) ?? atLeastOne(config?.candidate_count);
    const cached = body.get('cachedContent') ?? body.get('cached_content');
    return {
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
      ...(candidates !== undefined && candidates > 1 && { candidates }),
      ...(typeof cached === 'string' && { elsewhere: true }),
      ...(hasVendorTool(body.get('tools')) && { rounds: unboundedRounds }),
    };
  },
};

/** All but functions are run by Google, which goes on by itself. */
function hasVendorTool(tools: Json | undefined): boolean {
  const sets = isArray(tools) ? tools : [tools];
  return sets.some(
    (set) =>
      isObject(set) &&
      Object.keys(set).some((name) => !['functionDeclarations', 'function_declarations', 'computerUse'].includes(name)),
  );
}
